"""The layers of an encoder: which are trained, and at what rate."""

from __future__ import annotations

import re
from typing import Any, TypedDict

from torch import nn

from bench.api import BenchError, Params


class ParameterGroup(TypedDict):
    """As PyTorch's optimizers take it."""

    params: list[nn.Parameter]
    lr: float
    weight_decay: float


UNDECAYED = re.compile(r"bias$|norm\.weight$", re.IGNORECASE)


def encoder_layers(model: Any) -> Any:
    """The `ModuleList` of the encoder's blocks, whatever the architecture calls it."""
    count = model.config.num_hidden_layers
    for module in model.base_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise BenchError(f"cannot find the {count} layers of {type(model).__name__}")


def train_top_layers(model: Any, top: int | None) -> None:
    """Freeze the embeddings and all but the `top` highest layers; the head is always trained. None trains all."""
    if top is None:
        return
    layers = encoder_layers(model)
    if not 0 <= top <= len(layers):
        raise BenchError(f"train_top_k_layers={top}: the encoder has {len(layers)} layers; give 0 to {len(layers)}")
    for parameter in model.base_model.parameters():
        parameter.requires_grad = False
    for layer in layers[len(layers) - top :]:
        for parameter in layer.parameters():
            parameter.requires_grad = True


def parameter_groups(model: Any, params: Params) -> list[ParameterGroup]:
    """Groups for an optimizer: the rate falls by `layer_decay` with each layer below the head; no decay on norms."""
    layers = list(encoder_layers(model))
    depth = {id(p): i + 1 for i, layer in enumerate(layers) for p in layer.parameters()}
    encoder = {id(p) for p in model.base_model.parameters()}
    groups: dict[tuple[int, bool], ParameterGroup] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        level = depth.get(id(parameter), 0 if id(parameter) in encoder else len(layers) + 1)
        plain = bool(UNDECAYED.search(name))
        rate = params["learning_rate"] * params["layer_decay"] ** (len(layers) + 1 - level)
        decay = 0.0 if plain else params["weight_decay"]
        group = groups.setdefault((level, plain), ParameterGroup(params=[], lr=rate, weight_decay=decay))
        group["params"].append(parameter)
    return list(groups.values())


def trainable_share(model: Any) -> float:
    """Trained weights over all, 0 to 1."""
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return float(sum(n for n, trained in counts if trained) / sum(n for n, _ in counts))
