"""Which heads, neurons, layers and hidden units go, and the smaller tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from compression.importance import Importance
from transformers_pt.layers import encoder_layers
from transformers_pt.shapes import Shape, TransformerBlock, blocks
from transformers_pt.width import hidden_width, keep_width


@dataclass(frozen=True)
class Units:
    """Of one layer: the heads and neurons that stay."""

    heads: list[int]
    neurons: list[int]


def block_weights(model: Any) -> int:
    """Numbers in the linear maps of all layers: what a pruning ratio is a share of."""
    return sum(
        block.shape["heads"] * _head_cost(block) + block.shape["neurons"] * _neuron_cost(block)
        for block in blocks(model)
    )


def _head_cost(block: TransformerBlock) -> int:
    hidden = block.linear(block.out_of_heads).out_features
    return block.head_size * (3 * (hidden + 1) + hidden)


def _neuron_cost(block: TransformerBlock) -> int:
    return 2 * block.linear(block.out_of_neurons).out_features + 1


def choose(model: Any, importance: Sequence[Importance], weights: int) -> tuple[list[Units], list[str]]:
    """What stays of each layer when the least important units, by weight, go until about `weights` numbers are gone.

    Each layer keeps a head and a neuron; the second value has a line for each that stayed and should have gone.
    """
    layers = blocks(model)
    gone: list[dict[str, set[int]]] = [{"heads": set(), "neurons": set()} for _ in layers]
    retained: dict[str, None] = {}
    for layer, part, unit in _ranked(layers, importance):
        cost = _head_cost(layers[layer]) if part == "heads" else _neuron_cost(layers[layer])
        if cost > 2 * weights:  # with it gone, the total would be further from `weights` than it is now
            continue
        if len(gone[layer][part]) + 1 == layers[layer].shape[part]:
            retained[f"layer {layer + 1} keeps its last {part.removesuffix('s')}"] = None
            continue
        gone[layer][part].add(unit)
        weights -= cost
    remaining = [
        Units(*([i for i in range(block.shape[part]) if i not in cut[part]] for part in ("heads", "neurons")))
        for block, cut in zip(layers, gone, strict=True)
    ]
    return remaining, list(retained)


def _ranked(layers: Sequence[TransformerBlock], importance: Sequence[Importance]) -> list[tuple[int, str, int]]:
    """Every unit as layer, part and number, the least important for its weights first."""
    ranked = []
    for layer, (block, scores) in enumerate(zip(layers, importance, strict=True)):
        for part, values, cost in (
            ("heads", scores.heads, _head_cost(block)), ("neurons", scores.neurons, _neuron_cost(block)),
        ):  # fmt: skip
            ranked += [(value / cost, layer, part, unit) for unit, value in enumerate(values.tolist())]
    return [(layer, part, unit) for _, layer, part, unit in sorted(ranked)]


def cut(model: Any, remaining: Sequence[Units]) -> None:
    """Make the tensors of `model` smaller: only `remaining` units stay."""
    for block, units in zip(blocks(model), remaining, strict=True):
        block.keep(units.heads, units.neurons)


def drop_layers(model: Any, importance: Sequence[Importance], count: int) -> None:
    """Take the `count` layers out whose units matter least in sum."""
    sums = torch.stack([scores.heads.sum() + scores.neurons.sum() for scores in importance])
    layers = encoder_layers(model)
    for number in sorted(sums.argsort()[:count].tolist(), reverse=True):
        del layers[number]
    model.config.num_hidden_layers = len(layers)


def narrow_width(model: Any, importance: torch.Tensor, ratio: float) -> None:
    """Take about the share `ratio` of the hidden units out, those of least `importance` (float32 [width]).

    A multiple of 8 stays where there are as many, which kernels are made for.
    """
    wide = hidden_width(model)
    step = min(8, wide)
    count = max(step, round(wide * (1 - ratio) / step) * step)
    keep_width(model, sorted(importance.argsort(descending=True)[:count].tolist()))


def shapes(model: Any) -> list[Shape]:
    """Of every layer, for `model.json`."""
    return [dict(block.shape) for block in blocks(model)]
