"""Ids and labels of a split, stored once for all runs of it: published predictions refer to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.arrays import Arrays, read_arrays, write_arrays
from bench.errors import StoreError
from bench.schema import Data

FOLDER = "splits"
"""Beside `results`."""
SHARED: Mapping[str, tuple[str, ...]] = {"test": ("ids", "labels"), "validation": ("validation_labels",)}
"""What the runs of a split have in common."""
REFERENCE = "{}_split"
"""The array of a run that names the file with its split's labels, without its suffix."""
HASH_DIGITS = 16
NO_DIGIT = re.compile(r"\W")
"""A hash of a foreign result must not lead out of the folder."""


def name_of(split: str, content: str | None) -> str:
    """The file, without its suffix, of the split of which a result tells that hash."""
    return f"{split}-{NO_DIGIT.sub('', content or '')[:HASH_DIGITS]}"


def references(arrays: Arrays) -> dict[str, str]:
    """The files, without their suffixes, that the arrays of a run refer to, by split."""
    return {split: str(arrays[name]) for split in SHARED if (name := REFERENCE.format(split)) in arrays}


def share(folder: Path, data: Data, arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a run with references in place of what `folder` has for all of its split, or has from now on.

    A run whose labels are others than those that are there keeps its own.
    """
    own = dict(arrays)
    for split, content in (("test", data.split_hash), ("validation", data.train_hash)):
        common = {name: arrays[name] for name in SHARED[split] if name in arrays}
        if not content or not common:
            continue
        path = folder / f"{name_of(split, content)}.npz"
        if not path.is_file():
            write_arrays(path, common)
        there = read_arrays(path)
        if there.keys() == common.keys() and all(np.array_equal(there[name], common[name]) for name in common):
            own = {name: array for name, array in own.items() if name not in common}
            own[REFERENCE.format(split)] = np.array(path.stem)
    return own


def restore(folder: Path, arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a run with what it refers to; a `StoreError` where that is gone or damaged."""
    whole = dict(arrays)
    for split in SHARED:
        reference = whole.pop(REFERENCE.format(split), None)
        if reference is None:
            continue
        path = folder / f"{Path(str(reference)).name}.npz"
        if not path.is_file():
            raise StoreError(f"{path}: missing: it has the ids and labels of {split}")
        whole |= read_arrays(path)
    return whole


def remove_unused(folder: Path, predictions: Iterable[Path]) -> None:
    """Remove the files of `folder` that none of these `predictions.npz` refers to."""
    used = set()
    for path in predictions:
        used |= set(references(read_arrays(path)).values())
    for path in folder.glob("*.npz"):
        if path.stem not in used:
            path.unlink()
