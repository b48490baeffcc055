r"""The rows of a CSV: a quote that is not closed swallows none, and a `\r` inside of a line ends none."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LONGEST_FIELD = 1 << 30
"""The default refuses texts over 128 KiB."""
LONGEST_QUOTED = 1 << 24
"""Characters on several lines that a quoted field may have."""
RETURN = "\ud800"
r"""Stands for a `\r` inside of a line, which ends a row for `csv` alone; no decoded line holds it."""


@dataclass(frozen=True)
class CsvRow:
    """The fields of a row, and what makes them doubtful."""

    fields: list[str]
    line: int
    """Where it ends, from 1; a doubtful one stands there alone, split at its delimiters whatever its quotes."""
    doubt: str | None = None


def csv_rows(lines: Iterator[str], delimiter: str, quoted: bool) -> Iterator[CsvRow]:
    r"""Every row, a blank line as one without fields; `lines` end with `\n`.

    Where quotes do not match, or a quoted field goes on over lines that each look like a row, the line where it opens
    is a doubtful row, and the next line begins the next.
    """
    csv.field_size_limit(LONGEST_FIELD)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    taken = _Lines(lines)
    reader = None
    width = 0
    while True:
        # strict: else a quote that is not closed swallows the rest of the file
        reader = reader or csv.reader(taken, delimiter=delimiter, quoting=quoting, strict=True)
        taken.start()
        doubt = None
        try:
            fields = next(reader)
            if len(taken.row) > 1 and _are_rows(taken.row, delimiter, width):
                doubt = f"a quoted field that goes on to line {taken.number}, over lines that look like rows"
        except StopIteration:
            return
        except csv.Error:
            doubt = "quotes that do not match"
        if doubt:
            fields, reader = taken.keep_first().rstrip("\r\n").split(delimiter), None
        width = width or len(fields)
        yield CsvRow([field.replace(RETURN, "\r") for field in fields], taken.number, doubt)


class _Lines:
    """The lines of one row after the other; those of a row that is none can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._waiting = lines, deque[str]()
        self.row: list[str] = []
        """The lines taken since it began."""
        self.number = 0
        """Of the last line taken, from 1."""
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._length > LONGEST_QUOTED:
            raise StopIteration
        line = self._waiting.popleft() if self._waiting else _without_returns(next(self._lines))
        self.row.append(line)
        self.number += 1
        self._length += len(line)
        return line

    def start(self) -> None:
        """A row begins."""
        self.row, self._length = [], 0

    def keep_first(self) -> str:
        """Give back all lines of the row but the first, which is returned."""
        first, *rest = self.row
        self._waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def _are_rows(lines: list[str], delimiter: str, width: int) -> bool:
    """Whether each line could be a row of its own, as wide as the header: then it was no text that a quote has joined.

    Behind a comma in a text stands a space, behind one between columns hardly ever.
    """
    spaced = delimiter + " "
    return width > 1 and all(line.count(delimiter) == width - 1 and spaced not in line for line in lines)


def _without_returns(line: str) -> str:
    if "\r" not in line:
        return line
    body = line.rstrip("\r\n")
    return body.replace("\r", RETURN) + line[len(body) :] if "\r" in body else line
