"""Arrays in `.npz` files: written whole or not at all, and never trusted when they are read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.durable import write_atomic
from bench.errors import StoreError, one_line

Arrays = Mapping[str, npt.NDArray[Any]]
"""By name."""


def packed(arrays: Arrays, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The content of an `.npz`, by a method of `zipfile`, whichever it is `np.load` reads."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def write_arrays(path: Path, arrays: Arrays, compression: int = zipfile.ZIP_DEFLATED) -> None:
    """Written as `write_atomic` does."""
    write_atomic(path, packed(arrays, compression))


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Every array of a file; a `StoreError` in one line where it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception as error:  # whatever the zip, zlib and npy readers raise on damaged bytes
        raise StoreError(f"{path}: unreadable: {one_line(error)}") from error


def check_predictions(path: Path, arrays: Arrays) -> None:
    """A `StoreError` where the arrays of a run's `predictions.npz` do not fit one another."""
    pairs = [("labels", "probabilities")]
    if "validation_labels" in arrays:
        pairs.append(("validation_labels", "validation_probabilities"))
    problems = [problem for pair in pairs if (problem := _misfit(arrays, *pair))]
    if not problems and ("ids" not in arrays or arrays["ids"].shape != arrays["labels"].shape[:1]):
        problems = ["not one id a text"]
    if problems:
        raise StoreError(f"{path}: not written by this software: {problems[0]}")


def _misfit(arrays: Arrays, labels: str, probabilities: str) -> str | None:
    if lacking := [name for name in (labels, probabilities) if name not in arrays]:
        return f"lacks {lacking[0]}"
    classes, scores = arrays[labels], arrays[probabilities]
    kinds, ranks = (classes.dtype.kind, scores.dtype.kind), (classes.ndim, scores.ndim)
    fits = ranks == (1, 2) or classes.shape == scores.shape  # of several labels a text 0 or 1 of each
    if kinds != ("i", "f") or scores.ndim != 2 or not fits or len(classes) != len(scores):
        return f"{labels} {classes.dtype}{list(classes.shape)} and {probabilities} {scores.dtype}{list(scores.shape)}"
    most = scores.shape[1] - 1 if classes.ndim == 1 else 1
    if len(classes) and not 0 <= classes.min() <= classes.max() <= most:
        return f"{labels} {classes.min()} to {classes.max()} of {scores.shape[1]}"
    return None
