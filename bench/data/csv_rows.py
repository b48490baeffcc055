r"""The rows of a CSV: a quote that is not closed swallows none, and a `\r` inside of a line ends none."""

from __future__ import annotations

import csv
import itertools
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LONGEST_FIELD = 1 << 30
"""The default refuses texts over 128 KiB."""
LONGEST_QUOTED = 1 << 24
"""Characters on several lines that a quoted field may have."""
LONGEST_WORD, MOST_WORDS = 40, 10_000
"""Of what rows begin and end with: characters, and how many are remembered."""
LOOKED_AT = 100
"""Lines of a quoted field: one that swallows rows shows it in the first."""
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
    ends = _Ends(delimiter)
    while True:
        # strict: else a quote that is not closed swallows the rest of the file
        reader = reader or csv.reader(taken, delimiter=delimiter, quoting=quoting, strict=True)
        taken.start()
        doubt = None
        try:
            fields = next(reader)
            if len(taken.row) > 1 and (_are_rows(taken.row, delimiter, width) or ends.show(taken.row)):
                doubt = f"a quoted field that goes on to line {taken.number}, over lines that look like rows"
        except StopIteration:
            return
        except csv.Error:
            doubt = "quotes that do not match"
        if doubt:
            fields, reader = taken.keep_first().rstrip("\r\n").split(delimiter), None
        elif width:
            ends.add(fields)
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
    return width > 1 and all(line.count(delimiter) - line.count(spaced) == width - 1 for line in lines)


class _Ends:
    """How the rows so far begin and end: a line within a quoted field that does likewise is a row of its own."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._first, self._last = Counter[str](), Counter[str]()

    def add(self, fields: list[str]) -> None:
        """A row that is in order; identifiers and texts, which differ from row to row, are not kept for ever."""
        if len(fields) < 2:
            return
        for seen, field in ((self._first, fields[0]), (self._last, fields[-1])):
            if field and len(field) <= LONGEST_WORD and (field in seen or len(seen) < MOST_WORDS):
                seen[field] += 1

    def show(self, lines: list[str]) -> bool:
        """Whether a line but the last ends with a value that ends rows, or one but the first begins as rows do.

        So does one whose number follows on that of the line before, as identifiers do.
        """
        parts = [line.rstrip("\r\n").split(self._delimiter) for line in lines[:LOOKED_AT]]
        if any(len(part) > 1 and self._last[part[-1]] > 1 for part in parts[:-1]):
            return True
        firsts = [part[0] if len(part) > 1 and part[1][:1] != " " else "" for part in parts]
        if any(self._first[first] > 1 for first in firsts[1:]):
            return True
        numbers = [int(first) if first.isdecimal() and len(first) < 19 else None for first in firsts]
        return any(a is not None and b == a + 1 for a, b in itertools.pairwise(numbers))


def _without_returns(line: str) -> str:
    if "\r" not in line:
        return line
    body = line.rstrip("\r\n")
    return body.replace("\r", RETURN) + line[len(body) :] if "\r" in body else line
