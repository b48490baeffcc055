"""The steps of `prune`: measure, cut, train, and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.api import BenchError, Params, RunContext, Split, Training
from compression import shrink
from compression.importance import measure, measure_width, sample
from compression.parents import open_parent
from compression.recovery import Recovery
from compression.vocabulary import trim
from transformers_pt.artifact import save_artifact
from transformers_pt.facts import ModelFacts
from transformers_pt.width import hidden_width


def prune(
    parents: Sequence[Path],
    train: Split,
    validation: Split,
    params: Params,
    seed: int,
    out_dir: Path,
    context: RunContext,
) -> Training:
    """Leave the pruned child of the one parent in `out_dir`; `params` are those of the recipe, checked."""
    parent = open_parent(parents, "prune")
    model = parent.model
    if params["vocabulary_size"]:
        parent = replace(parent, encoder=trim(model, parent.encoder, train.texts, params["vocabulary_size"]))
        print(f"pruned: {model.config.vocab_size} tokens remain in the vocabulary")
    whole = shrink.block_weights(model)
    recovery = Recovery.prepare(parent, parents[0], train, validation, params, seed, context)
    batches = sample(train, parent.encoder, params["importance_rows"], seed)
    if not batches:
        raise BenchError(f"importance_rows={params['importance_rows']}: it takes training texts to measure importance")
    _drop(model, batches, params)
    _narrow(model, batches, params)
    steps = params["steps"]
    for step in range(1, steps + 1):
        target = round(whole * params["ratio"] * step / steps)
        importance = measure(model, batches, params["importance"])
        remaining, retained = shrink.choose(model, importance, target - (whole - shrink.block_weights(model)))
        shrink.cut(model, remaining)
        _print_shapes(model, whole)
        last = step == steps
        recovery.run(params["recovery_epochs"] if last else params["step_epochs"], last)
    facts: ModelFacts = {**parent.facts, "shapes": shrink.shapes(model), "width": hidden_width(model)}
    save_artifact(out_dir, model, parent.encoder, facts)
    warnings = [f"{line}, though it was to go" for line in retained]
    return replace(recovery.log, warnings=[*recovery.log.warnings, *warnings])


def _drop(model: Any, batches: Any, params: Params) -> None:
    count, layers = params["drop_layers"], model.config.num_hidden_layers
    if not 0 <= count < layers:
        raise BenchError(f"drop_layers={count}: the encoder has {layers} layers; give 0 to {layers - 1}")
    if count:
        shrink.drop_layers(model, measure(model, batches, params["importance"]), count)


def _narrow(model: Any, batches: Any, params: Params) -> None:
    ratio = params["width_ratio"]
    if not 0 <= ratio < 1:
        raise BenchError(f"width_ratio={ratio:g}: the share of the hidden width that goes; give 0 (none) to below 1")
    if ratio:
        before = hidden_width(model)
        shrink.narrow_width(model, measure_width(model, batches, params["importance"]), ratio)
        print(f"pruned: {hidden_width(model)} of {before} hidden units remain")


def _print_shapes(model: Any, whole: int) -> None:
    remaining = shrink.block_weights(model)
    layers = ", ".join(f"{s['heads']} heads and {s['neurons']} neurons" for s in shrink.shapes(model))
    print(f"pruned: {1 - remaining / whole:.2%} of the layers' weights are gone; layer by layer there are {layers}")
