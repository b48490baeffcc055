"""CSV and TSV, row by row: a row of the wrong width and a quote that is not closed are told and cost no other row."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Literal

from bench.api import BenchError, did_you_mean
from serving.records import Record, decoded_lines, record_of, unique_names, unreadable

LONGEST_FIELD = 1 << 30
LONGEST_QUOTED = 1 << 24
"""Characters on several lines that a quoted field may have."""
RETURN = "\ud800"
r"""Stands for a `\r` inside of a line, which ends a row for `csv` alone; no decoded line holds it."""


class _Lines:
    """The lines of one row after the other; those of a row that is none can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._waiting = lines, deque[str]()
        self.taken: list[str] = []
        self.number = 0
        """Of the last line taken, from 1."""
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.taken and self._length > LONGEST_QUOTED:
            raise StopIteration
        line = self._waiting.popleft() if self._waiting else _without_returns(next(self._lines))
        self.taken.append(line)
        self.number += 1
        self._length += len(line)
        return line

    def start(self) -> None:
        """A row begins."""
        self.taken, self._length = [], 0

    def keep_first(self) -> str:
        """Give back all lines of the row but the first, which is returned."""
        first, *rest = self.taken
        self._waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def read_csv(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    """Comma separated, with quotes."""
    return _read(stream, column, where, ",", quoted=True)


def read_tsv(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    """Tab separated, without quotes, as tweets need it."""
    return _read(stream, column, where, "\t", quoted=False)


def _read(stream: BinaryIO, column: str, where: str, delimiter: str, quoted: bool) -> Iterator[Record]:
    rows = _rows(_Lines(decoded_lines(stream)), delimiter, quoted)
    first, doubt = next(rows, (None, None))
    if first is None:
        return
    if doubt or any("\r" in name for name in first):
        raise BenchError(f"{where}: {doubt or 'lines end with a carriage return alone; write them with a line feed'}")
    if column not in first:
        raise BenchError(f"{where}: no column '{column}': {did_you_mean(column, first)}; choose with --text-column")
    names = unique_names(first)
    for fields, doubt in rows:
        yield _record(fields, names, column, doubt)


def _record(fields: list[str], names: list[str], column: str, doubt: str | None) -> Record:
    columns = dict(zip(names, [*fields, *[""] * (len(names) - len(fields))], strict=False))
    if len(fields) == len(names):
        return record_of(columns, columns[column], doubt)
    wrong = f"{len(fields)} fields where the header has {len(names)}" if fields else "a blank line"
    if len(fields) > len(names):
        wrong += f"; the rest is {json.dumps(fields[len(names) :])}"
    return unreadable(columns, f"{doubt}; {wrong}" if doubt else wrong)


def _rows(lines: _Lines, delimiter: str, quoted: bool) -> Iterator[tuple[list[str], str | None]]:
    """Fields of each row, and what makes them doubtful; of a row whose quotes cannot be right its first line alone."""
    csv.field_size_limit(LONGEST_FIELD)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = None
    width = 0
    while True:
        # strict: else a quote that is not closed swallows the rest of the file
        reader = reader or csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
        lines.start()
        doubt = None
        try:
            fields = next(reader)
            if len(lines.taken) > 1 and _are_rows(lines.taken, delimiter, width):
                doubt = f"a quoted field from line {{}} to {lines.number}, over lines that look like rows"
        except StopIteration:
            return
        except csv.Error:
            doubt = "quotes on line {} that do not match"
        if doubt:
            fields = lines.keep_first().rstrip("\r\n").split(delimiter)
            doubt, reader = doubt.format(lines.number), None
        width = width or len(fields)
        yield [field.replace(RETURN, "\r") for field in fields], doubt


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
    return body.replace("\r", RETURN) + line[len(body) :]
