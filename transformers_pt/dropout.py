"""Dropout for the CPU, where drawing a random float an element takes as long as the layer that it follows.

Here an element costs one byte of random bits, so that a rate is a multiple of 1/256. The attention of
`transformers` is written out here too, as its own calls PyTorch's dropout.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

PLAIN = "plain"
"""The name under which `transformers` finds `plain_attention`."""


def byte_dropout(values: torch.Tensor, rate: float) -> torch.Tensor:
    """`values` with a share of `rate`, to the next 256th, set to zero and the rest scaled up."""
    dropped = round(256 * rate)
    bits = torch.empty((values.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    draws = bits.view(torch.uint8)[: values.numel()].view(values.shape)
    return values * (draws >= dropped).to(values.dtype).mul_(256 / (256 - dropped))


class ByteDropout(nn.Dropout):
    """`nn.Dropout` by `byte_dropout`."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The same shape; unchanged in evaluation."""
        return byte_dropout(values, self.p) if self.training and self.p else values


def replace_dropout(model: nn.Module) -> None:
    """Put a `ByteDropout` in the place of every `nn.Dropout`."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Dropout):
                setattr(parent, name, ByteDropout(child.p))


def register_plain_attention() -> None:
    """Let `attn_implementation="plain"` mean `plain_attention`, with the masks of eager attention."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, eager_mask

    AttentionInterface.register(PLAIN, plain_attention)
    AttentionMaskInterface.register(PLAIN, eager_mask)


def plain_attention(
    module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any,
    scaling: float | None = None, dropout: float = 0.0, **unused: Any,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Softmax attention (Vaswani et al., 2017): [batch, heads, length, width] to [batch, length, heads, width]."""
    scores = (query * (scaling or query.shape[-1] ** -0.5)) @ key.transpose(2, 3)
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = scores.softmax(dim=-1)
    if module.training and dropout:
        weights = byte_dropout(weights, dropout)
    return (weights @ value).transpose(1, 2).contiguous(), weights
