"""Quantization-aware training: an encoder learns on under the rounding that int8 brings.

Weights and activations of linear layers are rounded in the forward pass, with a straight-through estimator for the
gradients (Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
2018).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import parametrize

from bench.api import Params, RunContext, Split, Training
from compression.parents import ParentModel
from compression.recovery import Recovery

RATE = 0.1
"""Of the parent's learning rate: what is learnt is to live with the rounding."""


class RoundedWeight(nn.Module):
    """Int8, symmetric, a scale per channel: as every runtime here stores it."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The same shape."""
        scale = weight.detach().abs().amax(dim=1).clamp(min=1e-12) / 127
        zero = torch.zeros(len(scale), dtype=torch.int32, device=weight.device)
        return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -127, 127)


def rounded_input(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Before a linear map: its input as uint8 by the range of the batch, zero included."""
    values = inputs[0].float()
    low, high = values.detach().amin().clamp(max=0.0), values.detach().amax().clamp(min=0.0)
    scale = ((high - low) / 255).clamp(min=1e-12)
    zero = torch.round(-low / scale).to(torch.int32)
    return (torch.fake_quantize_per_tensor_affine(values, scale, zero, 0, 255), *inputs[1:])


def train_rounded(
    parent: ParentModel, folder: Path, train: Split, validation: Split, params: Params, seed: int, context: RunContext
) -> Training:
    """Train the parent's model in place for `qat_epochs`, then take the rounding off again."""
    recovery = Recovery.prepare(parent, folder, train, validation, params, seed, context, RATE)
    linears = [module for module in parent.model.modules() if type(module) is nn.Linear]
    hooks = [module.register_forward_pre_hook(rounded_input) for module in linears]
    for module in linears:
        parametrize.register_parametrization(module, "weight", RoundedWeight())
    recovery.run(params["qat_epochs"])
    for hook in hooks:
        hook.remove()
    for module in linears:
        parametrize.remove_parametrizations(module, "weight", leave_parametrized=False)
    parent.model.cpu()
    return recovery.log
