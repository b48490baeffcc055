"""From texts and parameters to a trained artifact. Imported where TensorFlow is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.api import Params, RunContext, Split, Training
from tf_tinybert.artifact import save_artifact
from tf_tinybert.batches import Batches, widths
from tf_tinybert.checkpoint import Checkpoint, open_checkpoint
from tf_tinybert.criterion import criterion, targets
from tf_tinybert.model import ALL, POOLER, build_classifier, load_weights, read_weights
from tf_tinybert.presets import DROPOUT, Architecture, Origin, origin
from tf_tinybert.strategy import prepare
from tf_tinybert.tokens import Encoder
from tf_tinybert.training import Validation
from tf_tinybert.training import train as fit_model


def fit(train: Split, validation: Split, params: Params, seed: int, out_dir: Path, context: RunContext) -> Training:
    """What the recipe `tinybert` does: see there for `params`."""
    place, device = prepare(params, seed, context.device)
    found = origin(params)
    start = open_checkpoint(found)
    shape = Architecture.of(start.config)
    params = dict(params) | {"learning_rate": params["learning_rate"] or shape.learning_rate}
    dropout = start.config.get("hidden_dropout_prob", DROPOUT) if params["dropout"] is None else params["dropout"]
    longest = min(params["max_length"], start.config["max_position_embeddings"])
    encoder = Encoder(start.tokenizer, found.normalization, longest)
    with place.strategy.scope():
        model = build_classifier(start.config, len(train.label_names), dropout)
        load_weights(model, start.tensors or {}, shape.layers, POOLER if start.tensors else ALL, seed)
    rows = encoder.cached(train.texts, context.cache)
    # A TPU wants one shape; so does a loop of steps whose replicas exchange gradients, which TensorFlow sizes once.
    fixed = place.name == "tpu" or (place.replicas > 1 and params["steps_per_execution"] > 1)
    shapes = widths(rows, longest, fixed)
    batches = Batches(rows, targets(train), params["batch_size"], shapes, seed, params["steps_per_execution"])
    checks = None
    if len(validation):
        seen = encoder.cached(validation.texts, context.cache)
        checks = Validation(seen, validation.labels, widths(seen, longest, fixed))
    log = fit_model(model, batches, checks, criterion(train, params["class_weight"]), params, place, device, context)
    weights = read_weights(model, shape.layers)
    save_artifact(out_dir, start.config, weights, encoder, _facts(train, found, start), dropout)
    return log


def _facts(train: Split, found: Origin, start: Checkpoint) -> dict[str, Any]:
    """For `model.json`; a folder is named without its path."""
    return {
        "label_names": list(train.label_names),
        "checkpoint": found.name,
        "pretrained": start.tensors is not None,
        "checkpoint_activation": start.config.get("hidden_act", "gelu"),
    }
