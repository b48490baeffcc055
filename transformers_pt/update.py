"""An artifact that learns on: new low-rank adapters on its encoder, its own head kept and trained, then merged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.api import STANDALONE, BenchError, Params, Split, Training, read_card
from transformers_pt.presets import LR_SMALL, Backbone
from transformers_pt.recipes.lora import Lora

LAYOUTS = ("finetune", "lora")
FIXED = ("backbone", "weights", "normalization", "max_length", "dropout", "devices", "nodes", "fsdp", "allow_pickle")
"""Parameters of `lora` that an update does not take: the artifact has these, or one process does."""
LEARNING_RATE = 3e-4


def check_updatable(folder: Path, params: Params) -> None:
    """A `BenchError` for an artifact that cannot learn on, and for parameters of `lora` that have no effect here."""
    card = read_card(folder)
    if card["layout"] not in LAYOUTS:
        raise BenchError(
            f"an artifact of '{card['recipe']}' (layout '{card['layout']}') cannot learn on: "
            f"those in the layout of {' or '.join(LAYOUTS)} can"
        )
    rate = params["learning_rate"]
    if not isinstance(rate, int | float | None):
        raise BenchError(f"learning_rate={rate}: give a number, such as {LEARNING_RATE}")
    changed = [key for key in FIXED if params[key] != Lora.defaults[key]]
    if changed:
        raise BenchError(f"{changed[0]}={params[changed[0]]}: an update keeps what the artifact has; leave it out")


def update(parent: Path, train: Split, params: Params, seed: int, out_dir: Path) -> Training:
    """Leave the updated weights in `out_dir`, without a card: exactly `epochs` of `params`, those of `lora`.

    No validation chooses the epoch, so that the set which later judges the outcome has had no hand in it.
    """
    from transformers_pt import adapters, artifact, classifier, device, layers

    given = dict(params) | {"pooling": "head", "learning_rate": params["learning_rate"] or LEARNING_RATE}
    classifier.check(given)
    use = device.prepare_device(seed, given, STANDALONE.device)
    model, encoder, facts = artifact.load_parts(parent)
    if facts["pooling"] != "head":
        raise BenchError(f"an artifact with pooling={facts['pooling']} cannot learn on: train it with pooling=head")
    origin = Backbone("", encoder.normalization, encoder.max_length, LR_SMALL)
    prepared = classifier.Classifier(adapters.add_adapter(model, given), encoder, origin)
    share = layers.trainable_share(prepared.model)
    none = Split([], [], np.empty(0, np.int64), train.label_names)
    log = classifier.train(prepared, train, none, given, use, STANDALONE)
    merged = prepared.model.merge_and_unload()
    artifact.save_artifact(out_dir, merged, encoder, facts)
    return replace(log, trainable_share=share)
