"""How much each attention head, feed-forward neuron and hidden unit of an encoder matters, by one of three measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.api import Split
from transformers_pt.batches import Batch, Padding, Rows
from transformers_pt.criterion import label_loss
from transformers_pt.encode import Encoder
from transformers_pt.shapes import TransformerBlock, blocks
from transformers_pt.width import hidden_width, readers

BATCH = 32
Batches = Sequence[Batch]


@dataclass(frozen=True)
class Importance:
    """Of one layer: a number a head and a number a neuron, float32, all in one unit over all layers."""

    heads: torch.Tensor
    neurons: torch.Tensor


def sample(train: Split, encoder: Encoder, rows: int, seed: int) -> Batches:
    """That many training texts drawn at random, in batches of like length, with their labels."""
    chosen = np.random.default_rng(seed).permutation(len(train))[:rows]
    drawn = Rows(encoder([train.texts[i] for i in chosen]), train.labels[chosen]).by_length()
    padding = Padding(encoder.tokenizer.pad_token_id)
    starts = range(0, len(drawn), BATCH)
    return [padding([drawn[i] for i in range(s, min(s + BATCH, len(drawn)))]) for s in starts]


def measure(model: Any, batches: Batches, kind: str) -> list[Importance]:
    """The importance of every unit of `model`, layer by layer; `kind` is a key of `MEASURES`."""
    model.eval()
    return MEASURES[kind](model, batches)


def measure_width(model: Any, batches: Batches, kind: str) -> torch.Tensor:
    """The importance of every hidden unit of `model`, float32 [width], by the weights of what reads it."""
    model.eval()
    return WIDTH_MEASURES[kind](model, batches)


def _magnitude(model: Any, batches: Batches) -> list[Importance]:
    """Sum of squares of the weights that go with a unit: those into it and those out of it."""
    importances = []
    for block in blocks(model):
        into = torch.stack([block.linear(name).weight.detach().square().sum(1) for name in block.into_heads]).sum(0)
        heads = into + block.linear(block.out_of_heads).weight.detach().square().sum(0)
        neurons = block.linear(block.into_neurons).weight.detach().square().sum(1)
        neurons = neurons + block.linear(block.out_of_neurons).weight.detach().square().sum(0)
        importances.append(Importance(_by_head(heads, block), neurons.cpu()))
    return importances


def _taylor(model: Any, batches: Batches) -> list[Importance]:
    """|gradient × weight| of what goes out of a unit, mean over batches: about how far the loss moves without it.

    Summed over the weights of a unit before the absolute value, as in Molchanov et al. ("Pruning convolutional neural
    networks", 2017) and, for heads, Michel et al. ("Are sixteen heads really better than one?", 2019).
    """
    sums = [Importance(torch.zeros(b.shape["heads"]), torch.zeros(b.shape["neurons"])) for b in blocks(model)]
    for batch in batches:
        model.zero_grad(set_to_none=True)
        _loss(model, batch).backward()
        for block, so_far in zip(blocks(model), sums, strict=True):
            so_far.heads.add_(_by_head(_moved(block.linear(block.out_of_heads)), block).abs() / len(batches))
            so_far.neurons.add_(_moved(block.linear(block.out_of_neurons)).cpu().abs() / len(batches))
    model.zero_grad(set_to_none=True)
    return sums


def _moved(linear: nn.Linear) -> torch.Tensor:
    assert linear.weight.grad is not None
    return (linear.weight.grad * linear.weight.detach()).sum(0)


def _by_head(columns: torch.Tensor, block: TransformerBlock) -> torch.Tensor:
    return columns.cpu().view(-1, block.head_size).sum(1)


@torch.inference_mode()
def _loss_change(model: Any, batches: Batches) -> list[Importance]:
    """What the loss rises by without a unit: a pass over the batches for each of them."""
    whole = _mean_loss(model, batches)
    importances = []
    for block in blocks(model):
        parts = [
            torch.tensor([
                _mean_loss_without(model, batches, [block.linear(name)], slice(i * width, (i + 1) * width)) - whole
                for i in range(block.linear(name).in_features // width)
            ])
            for name, width in ((block.out_of_heads, block.head_size), (block.out_of_neurons, 1))
        ]  # fmt: skip
        importances.append(Importance(*parts))
    return importances


def _mean_loss_without(model: Any, batches: Batches, linears: Sequence[nn.Linear], columns: Any) -> float:
    def silence(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        values = inputs[0].clone()
        values[..., columns] = 0
        return (values, *inputs[1:])

    handles = [linear.register_forward_pre_hook(silence) for linear in linears]
    try:
        return _mean_loss(model, batches)
    finally:
        for handle in handles:
            handle.remove()


def _mean_loss(model: Any, batches: Batches) -> float:
    return float(sum(_loss(model, batch).item() for batch in batches) / len(batches))


def _loss(model: Any, batch: Batch) -> torch.Tensor:
    place = next(model.parameters()).device
    moved = {name: tensor.to(place) for name, tensor in batch.items()}
    logits = model(input_ids=moved["input_ids"], attention_mask=moved["attention_mask"]).logits
    return label_loss(logits.float(), moved["labels"])


def _magnitude_of_width(model: Any, batches: Batches) -> torch.Tensor:
    """Sum of squares of the weights that read a unit."""
    return _by_unit(model, [linear.weight.detach().square().sum(0) for linear in readers(model)])


def _taylor_of_width(model: Any, batches: Batches) -> torch.Tensor:
    """|gradient × weight| of what reads a unit, summed before the absolute value, mean over batches."""
    sums = torch.zeros(hidden_width(model))
    for batch in batches:
        model.zero_grad(set_to_none=True)
        _loss(model, batch).backward()
        sums += _by_unit(model, [_moved(linear) for linear in readers(model)]).abs() / len(batches)
    model.zero_grad(set_to_none=True)
    return sums


@torch.inference_mode()
def _loss_change_of_width(model: Any, batches: Batches) -> torch.Tensor:
    """What the loss rises by where nothing reads a unit: a pass over the batches for each of them."""
    whole, wide = _mean_loss(model, batches), hidden_width(model)
    changes = [
        _mean_loss_without(model, batches, readers(model), slice(unit, None, wide)) - whole for unit in range(wide)
    ]
    return torch.tensor(changes)


def _by_unit(model: Any, columns: Sequence[torch.Tensor]) -> torch.Tensor:
    """The sum over readers of their values by input; a head over several poolings has each unit more than once."""
    return torch.stack([values.cpu().view(-1, hidden_width(model)).sum(0) for values in columns]).sum(0)


MEASURES: dict[str, Callable[[Any, Batches], list[Importance]]] = {
    "taylor": _taylor,
    "magnitude": _magnitude,
    "loss": _loss_change,
}
WIDTH_MEASURES: dict[str, Callable[[Any, Batches], torch.Tensor]] = {
    "taylor": _taylor_of_width,
    "magnitude": _magnitude_of_width,
    "loss": _loss_change_of_width,
}
