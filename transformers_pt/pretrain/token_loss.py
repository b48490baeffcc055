"""Cross-entropy over a vocabulary, a few positions at a time, so that the logits never leave the CPU's cache.

With 820 masked positions a batch and a vocabulary of 12,000 tokens, logits, softmax and gradient are 120 MB in float32,
and moving them costs more than computing them. Here each slice goes from logits to gradient at once, and only the
gradient is stored, in the matrices' precision (the idea of "Cut Your Losses", Wijmans et al., 2024).
"""

from __future__ import annotations

from typing import Any

import torch

POSITIONS = 128
"""At once."""


def token_loss(
    features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, targets: torch.Tensor
) -> torch.Tensor:
    """Mean cross-entropy in nats, float32.

    `features` float [positions, width]; `weight` [tokens, width] and `bias` [tokens] make the logits; `targets` int64
    [positions]. Matmuls are in the precision of an enclosing autocast.
    """
    kind = features.device.type
    precision = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else features.dtype
    if bias is None:
        bias = torch.zeros(len(weight), device=features.device)
    loss: torch.Tensor = _SlicedLoss.apply(features, weight, bias, targets, precision)
    return loss


class _SlicedLoss(torch.autograd.Function):
    """Gradients are made in the forward pass; the backward pass scales them."""

    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor, dtype: Any
    ) -> torch.Tensor:
        with torch.autocast(features.device.type, enabled=False):
            loss, *gradients = _loss_and_gradients(features.to(dtype), weight.to(dtype), bias, targets)
        ctx.save_for_backward(*gradients)
        ctx.dtypes = features.dtype, weight.dtype, bias.dtype
        return loss

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        scaled = [g.to(dtype) * grads[0] for g, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True)]
        return (*scaled, None, None)


def _loss_and_gradients(
    features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The mean loss, and its gradients by features, weight and bias."""
    count = len(targets)
    by_logits = features.new_empty(count, len(weight))
    by_features = torch.empty_like(features)
    by_bias = torch.zeros_like(bias, dtype=torch.float32)
    loss = by_bias.new_zeros(())
    for start in range(0, count, POSITIONS):
        part = slice(start, start + POSITIONS)
        part_targets = targets[part, None]
        log_probabilities = torch.log_softmax((features[part] @ weight.t()).float() + bias, dim=-1)
        loss -= log_probabilities.gather(1, part_targets).sum()
        gradient = log_probabilities.exp_()
        gradient.scatter_add_(1, part_targets, -torch.ones_like(part_targets, dtype=torch.float32)).div_(count)
        by_bias += gradient.sum(0)
        by_logits[part] = gradient.to(by_logits.dtype)
        torch.mm(by_logits[part], weight, out=by_features[part])
    return loss / count, by_features, by_logits.t() @ features, by_bias
