"""The two files of every artifact here: `model.json` (what rebuilds it) and `weights.safetensors`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import numpy as np
import numpy.typing as npt

from bench.api import Params


class ModelConfig(TypedDict):
    """`model.json` of a baseline."""

    label_names: list[str]
    normalization: str
    params: Params
    temperature: NotRequired[float | list[float]]
    """Of the scores of `linear`; where a text may have several labels, of each label's."""
    multi_label: NotRequired[bool]
    """Whether a text may have several labels: each then has a probability by itself."""


Weights = dict[str, npt.NDArray[np.float32]]


def save_artifact(folder: Path, config: Mapping[str, object], weights: Weights) -> None:
    """Write both files; weights as float32."""
    from safetensors.numpy import save_file

    text = json.dumps(config, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")
    arrays = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in sorted(weights.items())}
    save_file(arrays, str(folder / "weights.safetensors"))


def load_artifact(folder: Path) -> tuple[ModelConfig, Weights]:
    """What `save_artifact` wrote."""
    from safetensors.numpy import load_file

    config = cast(ModelConfig, json.loads((folder / "model.json").read_text(encoding="utf-8")))
    return config, load_file(str(folder / "weights.safetensors"))


def count_parameters(weights: Weights) -> tuple[int, int]:
    """How many numbers, and how many of them are not zero."""
    return sum(w.size for w in weights.values()), sum(int(np.count_nonzero(w)) for w in weights.values())
