"""What exporters trace of a PyTorch classifier: arrays alone on both sides, batch and length free."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

EXAMPLE = (2, 8)
"""Batch and length that a model is traced with; neither is fixed by it."""


class Logits(nn.Module):
    """Of a classifier of `transformers`: ids and mask in, logits out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Ids and mask [batch, length] to logits [batch, n_labels]."""
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def example(max_length: int) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[dict[int, Any], dict[int, Any]]]:
    """Ids and mask to trace with, and the names of their axes, length up to `max_length`."""
    ids = torch.zeros(EXAMPLE[0], min(EXAMPLE[1], max_length), dtype=torch.long)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=max_length)}
    return (ids, torch.ones_like(ids)), (axes, axes)
