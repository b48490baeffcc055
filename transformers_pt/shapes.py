"""Layers of uneven widths: how many heads and feed-forward neurons each keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from bench.api import BenchError
from transformers_pt.layers import encoder_layers

Shape = Mapping[str, int]
"""Of one layer: `heads` and `neurons`."""

PLACES = {
    "bert": (
        ("attention.self.query", "attention.self.key", "attention.self.value"), "attention.output.dense",
        "intermediate.dense", "output.dense",
    ),
    "distilbert": (
        ("attention.q_lin", "attention.k_lin", "attention.v_lin"), "attention.out_lin", "ffn.lin1", "ffn.lin2",
    ),
    "mpnet": (
        ("attention.attn.q", "attention.attn.k", "attention.attn.v"), "attention.attn.o", "intermediate.dense",
        "output.dense",
    ),
}  # fmt: skip
"""Where a layer keeps its linear maps: into the heads, out of them, into the neurons, out of them."""

BIAS_HEADS = "bias_heads"


class TransformerBlock:
    """One layer of an encoder, by what its linear maps do: of BERT, RoBERTa, ELECTRA, DistilBERT or MPNet."""

    def __init__(self, layer: nn.Module, head_size: int) -> None:
        names = {name for name, _ in layer.named_modules()}
        layouts = [places for places in PLACES.values() if {*places[0], *places[1:]} <= names]
        if not layouts:
            raise BenchError(
                f"the layers of {type(layer).__name__} are not supported: "
                "take BERT, RoBERTa, ELECTRA, DistilBERT or MPNet"
            )
        self.layer, self.head_size = layer, head_size
        self.into_heads, self.out_of_heads, self.into_neurons, self.out_of_neurons = layouts[0]

    def linear(self, name: str) -> nn.Linear:
        """The linear map of that name."""
        linear = self.layer.get_submodule(name)
        assert isinstance(linear, nn.Linear)
        return linear

    @property
    def shape(self) -> Shape:
        """How many heads and neurons it has."""
        width = self.linear(self.out_of_heads).in_features
        return {"heads": width // self.head_size, "neurons": self.linear(self.out_of_neurons).in_features}

    def keep(self, heads: Sequence[int], neurons: Sequence[int]) -> None:
        """Make the tensors smaller: only these heads and neurons stay, in this order."""
        columns = torch.tensor([h * self.head_size + i for h in heads for i in range(self.head_size)])
        for name in self.into_heads:
            narrow(self.linear(name), rows=columns)
        narrow(self.linear(self.out_of_heads), columns=columns)
        narrow(self.linear(self.into_neurons), rows=torch.tensor(neurons))
        narrow(self.linear(self.out_of_neurons), columns=torch.tensor(neurons))
        if self.out_of_heads == "attention.attn.o":
            _keep_position_bias(self.layer.get_submodule("attention.attn"), heads)


def _keep_position_bias(attention: nn.Module, heads: Sequence[int]) -> None:
    """MPNet adds one bias of relative positions, worked out once with a plane a head, to the scores of every layer.

    A layer with fewer heads takes the planes of those it has: their numbers are a buffer, saved among the weights.
    """
    if not hasattr(attention, BIAS_HEADS):
        attention.register_buffer(
            BIAS_HEADS,
            torch.arange(attention.num_attention_heads),  # type: ignore[call-overload]
        )
        attention.register_forward_pre_hook(_own_planes, with_kwargs=True)
    attention.register_buffer(BIAS_HEADS, attention.get_buffer(BIAS_HEADS)[torch.tensor(heads)])
    attention.num_attention_heads = len(heads)  # type: ignore[assignment]
    attention.all_head_size = len(heads) * attention.attention_head_size  # type: ignore[assignment,operator]


def _own_planes(attention: nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    hidden, mask, bias, *others = inputs
    return (hidden, mask, bias[:, attention.get_buffer(BIAS_HEADS)], *others), options


def narrow(linear: nn.Linear, rows: torch.Tensor | None = None, columns: torch.Tensor | None = None) -> None:
    """Leave a linear map these outputs (`rows`) and these inputs (`columns`), int64, in this order; None for all."""
    weight, bias = linear.weight.detach(), linear.bias.detach()
    if rows is not None:
        weight, bias = weight[rows], bias[rows]
    if columns is not None:
        weight = weight[:, columns]
    linear.out_features, linear.in_features = weight.shape
    linear.weight, linear.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())


def blocks(model: Any) -> list[TransformerBlock]:
    """The layers of a classifier, or of an encoder alone, from the lowest."""
    size = model.config.hidden_size // model.config.num_attention_heads
    return [TransformerBlock(layer, size) for layer in encoder_layers(model)]
