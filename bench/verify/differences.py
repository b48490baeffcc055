"""What is wrong, in a line each: fields that differ, a few of them shown and the rest counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

TOLERANCE = 1e-9
"""Relative: sums may be added in another order on another processor."""
WIDTH = 120
"""Characters of a value that are printed."""
SHOWN = 3
"""Differences printed of one block; the rest are counted."""


@dataclass(frozen=True)
class Problem:
    """Something published that its raw data do not bear out."""

    where: str
    """The file, relative to the verified directory."""
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def compared(where: str, name: str, stored: Any, again: Any) -> Iterator[Problem]:
    """A problem for each of the first few fields that differ, and one for the rest together."""
    differences = list(differing(name, _plain(stored), _plain(again)))
    for field, before, now in differences[:SHOWN]:
        yield Problem(where, f"{field} is {_shown(before)}, recomputed {_shown(now)}")
    if len(differences) > SHOWN:
        yield Problem(where, f"{name}: {len(differences) - SHOWN} more fields differ")


def differing(name: str, stored: Any, again: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each field of plain data that differs, with both values."""
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in dict.fromkeys([*stored, *again]):
            yield from differing(f"{name}.{key}", stored.get(key), again.get(key))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for index, (before, now) in enumerate(zip(stored, again, strict=True)):
            yield from differing(f"{name}[{index}]", before, now)
    elif isinstance(stored, float) and isinstance(again, float):
        if not math.isclose(stored, again, rel_tol=TOLERANCE, abs_tol=1e-12):
            yield name, stored, again
    elif stored != again:
        yield name, stored, again


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _shown(value: Any) -> str:
    """As Python writes it, the beginning of what is long."""
    text = repr(value)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
