"""What every format is made into: named columns, and the values of some of them, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Values = tuple[Any, ...]
"""Of a row: one value a column asked for, None for null."""


@dataclass(frozen=True)
class Table:
    """A file that is open."""

    names: Sequence[str]
    pick: Callable[[Sequence[int]], Iterator[Values]]
    """The values of the columns at these positions, of every row in order."""
    said: tuple[str, ...] = ()
    """What was found and is not the usual: the encoding, the separator."""
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of a column of whole numbers: what they stand for."""
    where: str = ""
    """What errors call the place of the names, where it is not the file."""
    hint: str = ""
    """What to say where a column is not found."""
