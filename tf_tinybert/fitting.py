"""From texts and parameters to a trained artifact. Imported where TensorFlow is at hand."""

from __future__ import annotations

from pathlib import Path

from bench.api import Params, RunContext, Split, Training
from tf_tinybert.artifact import ModelFacts, save_artifact
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
    start = origin(params)
    checkpoint = open_checkpoint(start)
    shape = Architecture.of(checkpoint.config)
    params = dict(params) | {"learning_rate": params["learning_rate"] or shape.learning_rate}
    dropout = checkpoint.config.get("hidden_dropout_prob", DROPOUT) if params["dropout"] is None else params["dropout"]
    longest = min(params["max_length"], checkpoint.config["max_position_embeddings"])
    encoder = Encoder(checkpoint.tokenizer, start.normalization, longest)
    with place.strategy.scope():
        model = build_classifier(checkpoint.config, len(train.label_names), dropout)
        load_weights(model, checkpoint.tensors or {}, shape.layers, POOLER if checkpoint.tensors else ALL, seed)
    rows = encoder.cached(train.texts, context.cache)
    # A TPU wants one shape; so does a loop of steps whose replicas exchange gradients, which TensorFlow sizes once.
    fixed = place.name == "tpu" or (place.replicas > 1 and params["steps_per_execution"] > 1)
    shapes = widths(rows, longest, fixed)
    batches = Batches(rows, targets(train), params["batch_size"], shapes, seed, params["steps_per_execution"])
    checks = None
    if len(validation):
        checked = encoder.cached(validation.texts, context.cache)
        checks = Validation(checked, validation.labels, widths(checked, longest, fixed))
    log = fit_model(model, batches, checks, criterion(train, params["class_weight"]), params, place, device, context)
    weights = read_weights(model, shape.layers)
    save_artifact(out_dir, checkpoint.config, weights, encoder, _facts(train, start, checkpoint), dropout)
    return log


def _facts(train: Split, start: Origin, checkpoint: Checkpoint) -> ModelFacts:
    """For `model.json`; a folder is named without its path."""
    return {
        "label_names": list(train.label_names),
        "checkpoint": start.name,
        "pretrained": checkpoint.tensors is not None,
    }
