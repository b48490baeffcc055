"""PyTorch's dynamic int8: weights int8 in safetensors, packed for the CPU's kernels when they are loaded."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from compression.bundle import BundleFacts, BundlePredictor
from transformers_pt.empty import empty_model
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts
from transformers_pt.pooled import PooledClassifier
from transformers_pt.predictor import Logits, Padded

FILE = "model.safetensors"
SCALE = ".weight_scale"
"""What the name of a tensor of scales ends with: one a row of the int8 weight of that module."""


def save_int8(model: Any, folder: Path) -> None:
    """Weights of linear maps and embeddings as int8 with a scale per channel (symmetric), all else float32."""
    tensors = dict(model.state_dict())
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            weight, scale = to_int8(module.weight.detach())
            tensors |= {f"{name}.weight": weight, f"{name}{SCALE}": scale}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, str(folder / FILE))
    model.config.save_pretrained(folder)


def to_int8(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A float weight [rows, columns] as int8 of -127 to 127, and the scale of each row, float32 [rows]."""
    scale = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
    return torch.round(weight / scale[:, None]).to(torch.int8), scale


class Int8Predictor(BundlePredictor):
    """Tokenizer, then the network in PyTorch: linear maps in int8 by the ranges of each batch, all else float32."""

    runtime, dtype = "torch", "int8"

    def __init__(self, folder: Path, encoder: Encoder, facts: BundleFacts) -> None:
        super().__init__(encoder, facts)
        self.model = load_int8(folder, facts)

    def _logits(self, padded: Padded) -> Logits:
        ids, mask = map(torch.from_numpy, padded)
        with torch.inference_mode():
            found: Logits = self.model(input_ids=ids, attention_mask=mask).logits.numpy()
        return found


def load_int8(folder: Path, facts: ModelFacts) -> Any:
    """The model that `save_int8` wrote, its linear maps packed."""
    kind = "classifier" if facts["pooling"] == "head" else "encoder"
    model = empty_model(folder, kind, facts)
    if kind == "encoder":
        model = PooledClassifier(model, facts["pooling"], len(facts["label_names"]), 0.0, facts.get("width"))
    tensors = load_file(str(folder / FILE))
    scales = {name.removesuffix(SCALE): tensors.pop(name) for name in list(tensors) if name.endswith(SCALE)}
    packed = {}
    for name, scale in scales.items():
        weight = tensors.pop(f"{name}.weight")
        if isinstance(model.get_submodule(name), nn.Linear):
            packed[name] = _packed(weight, scale, tensors.pop(f"{name}.bias", None))
        else:
            tensors[f"{name}.weight"] = weight * scale[:, None]  # rows are looked up, nothing is multiplied
    model.load_state_dict(tensors, strict=False)
    for name, linear in packed.items():
        model.set_submodule(name, linear)
    return model.eval()


def _packed(weight: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None) -> nn.Module:
    from torch.ao.nn.quantized.dynamic import Linear

    if "onednn" in torch.backends.quantized.supported_engines:
        torch.backends.quantized.engine = "onednn"
    zero = torch.zeros(len(scale), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that torchao succeeds this module
        linear = Linear(weight.shape[1], weight.shape[0], dtype=torch.qint8)
        whole = torch._make_per_channel_quantized_tensor(weight, scale.double(), zero, 0)
        linear.set_weight_bias(whole, bias)
    return linear
