"""Clustered weights as a codebook and small indices: 4 bits a weight for up to 16 values, 8 for up to 256."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from baselines.artifact import ModelConfig, Weights, load_artifact, save_artifact


class ClusteredConfig(ModelConfig):
    """`model.json` of a clustered child."""

    base: str
    """The layout that it had before."""
    clustered: dict[str, list[list[int]]]
    """Of each clustered array the shapes of its parts, each with a codebook of its own."""


Tensors = dict[str, npt.NDArray[Any]]
CODEBOOK, INDICES = "#codebook", "#indices"
TEXT_FILES = ("vocabulary.json", "tokenizer.json")
"""What an artifact of a baseline holds beside its numbers."""
NIBBLE = 16


def save_clustered(
    folder: Path, parent: Path, base: str, config: ModelConfig, weights: Weights, rows: Mapping[str, int]
) -> None:
    """Write the artifact of a clustered child of `parent`, whose layout is `base`.

    `rows` names the arrays that are clustered, and how many of their first rows share a codebook; the others share
    another.
    """
    from safetensors.numpy import save_file

    tensors: Tensors = {name: value for name, value in weights.items() if name not in rows}
    shapes = {}
    for name, first in rows.items():
        shapes[name] = [list(part.shape) for part in np.split(weights[name], [first]) if part.size]
        for number, part in enumerate(np.split(weights[name], [first])[: len(shapes[name])]):
            tensors |= _packed(f"{name}#{number}", part)
    document = {**config, "base": base, "clustered": shapes}
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")
    save_file({n: np.ascontiguousarray(v) for n, v in sorted(tensors.items())}, str(folder / "weights.safetensors"))
    copy_texts(parent, folder)


@contextmanager
def expanded(folder: Path) -> Iterator[tuple[str, Path]]:
    """The layout that a clustered child had before, and a temporary folder with it in that layout, float32."""
    stored, tensors = load_artifact(folder)
    config = cast(ClusteredConfig, stored)
    weights = {name: value for name, value in tensors.items() if "#" not in name}
    for name, shapes in config["clustered"].items():
        parts = [_unpacked(f"{name}#{number}", shape, tensors) for number, shape in enumerate(shapes)]
        weights[name] = np.concatenate(parts)
    with tempfile.TemporaryDirectory(prefix="sentibench-") as place:
        plain = {key: value for key, value in config.items() if key not in ("base", "clustered")}
        save_artifact(Path(place), plain, weights)
        copy_texts(folder, Path(place))
        yield config["base"], Path(place)


def copy_texts(source: Path, target: Path) -> None:
    """Vocabulary or tokenizer."""
    for name in TEXT_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def _packed(name: str, array: npt.NDArray[np.float32]) -> Tensors:
    codebook, indices = np.unique(array, return_inverse=True)
    codes: npt.NDArray[np.uint8] = indices.reshape(-1).astype(np.uint8)
    if len(codebook) <= NIBBLE:
        codes = np.append(codes, np.zeros(codes.size % 2, np.uint8)).astype(np.uint8)
        codes = (codes[0::2] << 4 | codes[1::2]).astype(np.uint8)
    return {name + CODEBOOK: codebook, name + INDICES: codes}


def _unpacked(name: str, shape: Sequence[int], tensors: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    codebook, codes = tensors[name + CODEBOOK], tensors[name + INDICES]
    if len(codebook) <= NIBBLE:
        codes = np.stack([codes >> 4, codes & 15], axis=1).reshape(-1)[: int(np.prod(shape))]
    return np.asarray(codebook[codes].reshape(shape), np.float32)
