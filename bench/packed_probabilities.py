"""Published probabilities in three quarters of the bytes, bit for bit.

A row sums to 1, and like bytes compress together. Of each row all but the largest probability are kept, and of that one
by how many representable numbers it is off from what is missing to 1. A number's four bytes lie apart from each other:
the first ones, of sign and exponent, are much alike, which a zip sees only side by side.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.arrays import Arrays
from bench.errors import StoreError

NAMES = ("probabilities", "validation_probabilities")
LARGEST, OTHERS, ROUNDING = "{}_largest", "{}_others", "{}_rounding"
"""uint8 [n], the class; uint8 [4, k - 1, n], the bytes of the others in order of their class; int8 or int32 [n]."""
MOST_CLASSES = 256

Array = npt.NDArray[Any]


def pack(arrays: Arrays) -> dict[str, Array]:
    """The arrays of a run with packed probabilities; what is no float32 [n, k] of finite numbers stays as it is."""
    packed = dict(arrays)
    for name in NAMES:
        if (rows := packed.get(name)) is None or not _fits(rows):
            continue
        del packed[name]
        largest = rows.argmax(axis=1)
        others = rows[~_at(largest, rows.shape[1])].reshape(len(rows), rows.shape[1] - 1)
        rounding = _bits(rows[_at(largest, rows.shape[1])]) - _bits(_missing(others))
        small = rounding.size == 0 or np.abs(rounding.astype(np.int64)).max() <= np.iinfo(np.int8).max
        packed[LARGEST.format(name)] = largest.astype(np.uint8)
        packed[OTHERS.format(name)] = np.moveaxis(
            _bits(others).view(np.uint8).reshape(*others.shape, 4), (0, 1), (2, 1)
        )
        packed[ROUNDING.format(name)] = rounding.astype(np.int8 if small else np.int32)
    return packed


def unpack(path: Path, arrays: Arrays) -> dict[str, Array]:
    """What `pack` was given. Raises `StoreError`, which names the file at `path`, for arrays that it has not made."""
    whole = dict(arrays)
    for name in NAMES:
        parts = [whole.pop(part.format(name), None) for part in (LARGEST, OTHERS, ROUNDING)]
        if any(part is not None for part in parts):
            whole[name] = _rows(f"{path}: {name}", *parts)
    return whole


def _rows(where: str, largest: Array | None, others: Array | None, rounding: Array | None) -> Array:
    if largest is None or others is None or rounding is None:
        raise StoreError(f"{where}: a part of what was packed is missing")
    n, classes = len(largest) if largest.ndim == 1 else -1, others.shape[1] + 1 if others.ndim == 3 else 0
    kinds = (largest.dtype == others.dtype == np.uint8, rounding.dtype in (np.int8, np.int32))
    if (
        not all(kinds)
        or others.shape != (4, classes - 1, n)
        or rounding.shape != (n,)
        or largest.max(initial=0) >= classes
    ):
        raise StoreError(f"{where}: not packed by this software")
    rest = np.ascontiguousarray(np.moveaxis(others, (2, 1), (0, 1))).view("<f4")[..., 0].astype(np.float32)
    rows = np.empty((n, classes), np.float32)
    rows[~_at(largest, classes)] = rest.reshape(-1)
    rows[_at(largest, classes)] = (_bits(_missing(rest)) + rounding).astype("<i4").view("<f4")
    return rows


def _fits(rows: Array) -> bool:
    shape = rows.ndim == 2 and 2 <= rows.shape[1] <= MOST_CLASSES
    return shape and rows.dtype == np.float32 and bool(np.isfinite(rows).all())


def _at(largest: Array, classes: int) -> Array:
    """Whether a cell [n, classes] is the largest of its row."""
    return np.asarray(largest[:, None] == np.arange(classes))


def _missing(others: Array) -> Array:
    """To 1, float32 [n]; class by class, as a sum over an axis is in another order on another machine."""
    missing = np.ones(len(others))
    for column in others.T:
        missing -= column
    return missing.astype(np.float32)


def _bits(numbers: Array) -> Array:
    """As int32: neighbours among the floats are neighbours here, too; differences wrap around, and back."""
    return np.ascontiguousarray(numbers, "<f4").view("<i4")
