"""Structured pruning: heads, neurons, layers and hidden units of a trained encoder go, and the rest recovers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    Compression,
    LogUniform,
    Params,
    Resolved,
    RunContext,
    Split,
    Training,
    Uniform,
    did_you_mean,
)

RECOVERY: Params = {
    "recovery_epochs": 3,  # epochs of the training after the last cut
    "learning_rate": None,  # of that training, the highest; None: a share of the parent's
    "batch_size": 32,  # texts of a step
    "weight_decay": 0.01,  # of AdamW
    "scheduler": "linear",  # of the rate after the warm-up: `linear`, `cosine` or `constant`
    "warmup": 0.06,  # share of the steps in which the rate rises
    "patience": 2,  # epochs without a better validation score before it stops
    "monitor": "accuracy",  # on validation, what chooses the epoch: `accuracy`, `macro_f1`, `macro_recall`, `loss`
    "label_smoothing": 0.0,  # share of each label's weight that goes to the others
    "precision": "auto",  # `auto`, `float32`, `bfloat16` or `float16`
    "teach": False,  # whether the parent teaches
    "alpha": 0.7,  # weight of the teacher in the loss, with `teach`
    "temperature": 2.0,  # of the teacher's part of the loss, with `teach`
}
"""Of the training after the cut, as `finetune` and `SoftTargets` define them."""
IMPORTANCE = ("taylor", "magnitude", "loss")


class Prune(Compression):
    """Parts of an encoder go for good, the least important heads and neurons first; the rest is trained on.

    `ratio` is the share of the layers' weights that goes, in `steps` with trainings between them. Whole layers
    (`drop_layers`) and hidden units (`width_ratio`) go before, and count. `vocabulary_size` is how many tokens remain,
    those that the training texts use most; 0 keeps all. `teach=true` lets the parent teach. The child stays in the
    layout of `finetune`, its layers of uneven widths.
    """

    name, framework = "prune", "pytorch"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    headline_param = "ratio"
    defaults = {
        "ratio": 0.5,  # share of the layers' weights that goes
        "importance": "taylor",  # of what goes first: `taylor`, `magnitude` or `loss`
        "importance_rows": 1024,  # training texts by which importance is measured
        "steps": 1,  # cuts, with a training after each
        "step_epochs": 1,  # epochs of the training between two cuts
        "drop_layers": 0,  # whole layers that go before
        "width_ratio": 0.0,  # share of the hidden width that goes before
        "vocabulary_size": 0,  # tokens that stay, the most used; 0: all
        **RECOVERY,
    }
    space = {
        "ratio": Uniform(0.1, 0.9),
        "width_ratio": Choice(0.0, 0.25),
        "importance": Choice("taylor", "magnitude"),
        "steps": Choice(1, 3),
        "teach": Choice(False, True),
        "learning_rate": LogUniform(2e-5, 1e-3),
    }
    smoke = {"recovery_epochs": 1, "importance_rows": 64}
    takes = ("finetune", "lora")
    multi_label: ClassVar[bool] = True
    choices = {"importance": IMPORTANCE}
    sources: ClassVar[tuple[str, ...]] = (
        "importance.py",
        "parents.py",
        "pruning.py",
        "recovery.py",
        "shrink.py",
        "vocabulary.py",
    )

    def resolve(self, params: Params) -> Resolved:
        """Parent, training and child are of `finetune`; with `teach` the parent is the teacher."""
        built = replace(super().resolve(params), builds_on=("finetune",), layout="finetune")
        return replace(built, distills=bool(params["teach"]))

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Cut, recover, and save the rest."""
        if params["ratio"] or not params["vocabulary_size"]:  # tokens may go alone
            check_ratio(params["ratio"])
        if params["importance"] not in IMPORTANCE:
            raise BenchError(f"importance={params['importance']}: {did_you_mean(params['importance'], IMPORTANCE)}")
        if params["steps"] < 1:
            raise BenchError(f"steps={params['steps']}: give 1 for one cut, or more")
        from compression.pruning import prune

        return prune(parents, train, validation, params, seed, out_dir, context)


def check_ratio(ratio: float) -> None:
    """A `BenchError` outside of (0, 1)."""
    if not 0 < ratio < 1:
        raise BenchError(f"ratio={ratio:g}: the share that goes lies between 0 and 1, both excluded")
