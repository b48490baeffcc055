"""torchao's dynamic int8, for compiled code: activations by the range of each token, weights a scale per channel."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

from compression.torch_int8 import to_int8


def rounded(model: Any) -> Any:
    """A copy of `model` whose linear maps and embeddings are int8."""
    model = copy.deepcopy(model)
    quantize_(model, Int8DynamicActivationInt8WeightConfig())
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Embedding):
            model.set_submodule(name, _Int8Embedding(module))
    return model


class _Int8Embedding(nn.Module):
    """Rows of int8, each with its scale: torchao's own would be made float again when it is compiled."""

    weight: torch.Tensor
    scale: torch.Tensor

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        weight, scale = to_int8(embedding.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale[:, None])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids [batch, length] to vectors, float32."""
        return self.weight[ids] * self.scale[ids]
