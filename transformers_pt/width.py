"""The hidden width of an encoder: the numbers that run from its embeddings through all layers into its head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from transformers_pt.shapes import blocks, narrow

HEADS = ("pooler.dense", "classifier.dense", "pre_classifier", "classifier")
"""What reads the last hidden state, by the end of its name: in BERT, RoBERTa and ELECTRA, DistilBERT, over poolings."""


def hidden_width(model: Any) -> int:
    """How many numbers a token has between two layers; pruning leaves the configuration's value as it was."""
    block = blocks(model)[0]
    return block.linear(block.out_of_heads).out_features


def readers(model: Any) -> list[nn.Linear]:
    """The linear maps that read hidden units: into heads and neurons of every layer, and the first of the head.

    A head over several poolings reads each unit once for each of them: its inputs are so many widths side by side.
    """
    maps = [block.linear(name) for block in blocks(model) for name in (*block.into_heads, block.into_neurons)]
    modules = dict(model.named_modules())
    candidates = (module for end in HEADS for name, module in modules.items() if name.endswith(end))
    head = next((module for module in candidates if isinstance(module, nn.Linear)), None)
    return maps if head is None else [*maps, head]


def keep_width(model: Any, units: Sequence[int]) -> None:
    """Make the tensors of a classifier, or of an encoder alone, smaller: only these hidden units stay, in this order.

    That is in what reads them, what writes them, norms and embeddings. ELECTRA's embeddings, where they have a width of
    their own, keep it.
    """
    indices, wide = torch.tensor(units), hidden_width(model)
    for linear in readers(model):
        times = linear.in_features // wide
        narrow(linear, columns=torch.cat([indices + i * wide for i in range(times)]))
    for block in blocks(model):
        for name in (block.out_of_heads, block.out_of_neurons):
            narrow(block.linear(name), rows=indices)
        _narrow_norms(block.layer, indices)
    project = getattr(model.base_model, "embeddings_project", None)
    if project is not None:
        narrow(project, rows=indices)
        return
    _narrow_norms(model.base_model.embeddings, indices)
    for module in model.base_model.embeddings.modules():
        if isinstance(module, nn.Embedding):
            module.weight, module.embedding_dim = nn.Parameter(module.weight.detach()[:, indices].clone()), len(indices)


def _narrow_norms(part: nn.Module, indices: torch.Tensor) -> None:
    for norm in part.modules():
        if isinstance(norm, nn.LayerNorm):
            norm.normalized_shape = (len(indices),)
            norm.weight, norm.bias = (nn.Parameter(x.detach()[indices].clone()) for x in (norm.weight, norm.bias))
