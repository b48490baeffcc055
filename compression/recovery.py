"""Training of a child after something was cut from it, by the parent's own loop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.api import DeviceUse, Params, RunContext, SoftTargets, Split, Training, read_card, teacher_probabilities
from compression.parents import ParentModel
from transformers_pt import classifier, device, dropout
from transformers_pt.pooled import PooledClassifier
from transformers_pt.presets import LR_FINETUNE, LR_SMALL, Backbone
from transformers_pt.recipes.finetune import Finetune

WIDE = 512
"""Hidden width from which on an encoder is trained at the rates of the large ones."""


@dataclass
class Recovery:
    """Trains one model, again and again if need be, and keeps the log of all trainings."""

    parent: ParentModel
    train: Split
    validation: Split
    params: Params
    use: DeviceUse
    context: RunContext
    log: Training

    @classmethod
    def prepare(
        cls,
        parent: ParentModel,
        folder: Path,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        context: RunContext,
        share: float = 1.0,
    ) -> Recovery:
        """Seed, choose the device and set the parent's model up for it; with `teach` it gives soft targets.

        Where `params` name no learning rate it is this `share` of the parent's.
        """
        rate = params["learning_rate"] or share * _rate(parent, folder)
        given = {**Finetune.defaults, **params, "learning_rate": rate}
        use = device.prepare_device(seed, given, context.device)
        if params["teach"]:
            probabilities = teacher_probabilities(folder, train.texts, context)
            soft = SoftTargets(probabilities, params["alpha"], params["temperature"], train.multi_label)
            train = replace(train, soft_targets=soft)
        _ready(parent.model, use)
        return cls(parent, train, validation, given, use, context, Training(device=use))

    def run(self, epochs: int, last: bool = True) -> None:
        """So many epochs; the best on validation stays. Only the `last` training goes on after a kill."""
        if not epochs:
            return
        origin = Backbone("", self.parent.encoder.normalization, self.parent.encoder.max_length, LR_SMALL)
        prepared = classifier.Classifier(self.parent.model, self.parent.encoder, origin)
        # a checkpoint folder is of one training: another's weights must not lie in it
        context = self.context if last else replace(self.context, checkpoint=None)
        params = {**self.params, "epochs": epochs}
        log = classifier.train(prepared, self.train, self.validation, params, self.use, context)
        self.parent.model.eval()
        before = self.log.epochs_run or 0
        history = [entry | {"epoch": entry["epoch"] + before} for entry in log.history]
        self.log = replace(
            log,
            epochs_run=before + (log.epochs_run or 0),
            best_epoch=None if log.best_epoch is None else before + log.best_epoch,
            history=[*self.log.history, *history],
        )


def _rate(parent: ParentModel, folder: Path) -> float:
    """The rate that the parent was trained at, where its card has it, else what suits its width."""
    rate = read_card(folder).get("params", {}).get("learning_rate")
    wide = parent.model.config.hidden_size >= WIDE
    return rate or Backbone("", "", 0, LR_FINETUNE if wide else LR_SMALL).learning_rate


def _ready(model: Any, use: DeviceUse) -> None:
    """Attention and dropout as `finetune` trains with them on this device."""
    dropout.register_plain_attention()
    model.base_model.set_attn_implementation(classifier.ATTENTION[use.actual])
    if isinstance(model, PooledClassifier):
        model.dropout.p = 0.1  # what `finetune` gives a pooled head
    if use.actual == "cpu":
        dropout.replace_dropout(model)
    else:
        model.to("cuda")
