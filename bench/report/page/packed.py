"""Data as text, small enough for a page: numbers scaled to whole ones, base64 of their bytes, and the whole zipped."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

SCALE = 10_000
"""Of scores and differences: four digits behind the point."""


def int16(values: npt.ArrayLike) -> str:
    """Numbers between ± 3.2767, scaled; what is beyond ends there."""
    scaled = np.rint(np.asarray(values, np.float64) * SCALE)
    return b64encode(np.clip(scaled, -32767, 32767).astype("<i2").tobytes()).decode()


def bits(flags: npt.ArrayLike) -> str:
    """Rows of flags, each row padded to whole bytes, the first flag in the highest bit."""
    return b64encode(np.packbits(np.asarray(flags, bool), axis=-1).tobytes()).decode()


def planes(values: npt.ArrayLike) -> list[str]:
    """Whole numbers from 0, a row of `bits` for each binary digit, the least first."""
    numbers = np.asarray(values, np.int64)
    return [bits(numbers >> digit & 1) for digit in range(int(numbers.max(initial=0)).bit_length())]


def columns(flags: npt.NDArray[np.int64]) -> list[str]:
    """0 or 1 [rows, columns], a row of `bits` for each column."""
    return [bits(column) for column in flags.T]


def compact(value: Any) -> Any:
    """Five significant digits of each number, tuples as lists: what is written as JSON."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: compact(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [compact(inner) for inner in value]
    return value


def zipped(document: Any) -> str:
    """A document as base64 of its JSON under gzip, the same bytes each time; nothing in it can end a script."""
    text = json.dumps(compact(document), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def unzipped(text: str) -> Any:
    """The document that `zipped` has written. Raises `ValueError` for anything else."""
    try:
        return json.loads(gzip.decompress(b64decode(text, validate=True)))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(str(error)) from None
