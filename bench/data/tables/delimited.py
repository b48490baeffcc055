"""Columns parted by a comma, semicolon, tab or bar."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from bench.data.columns import has_columns
from bench.data.csv_rows import CsvRow, csv_rows
from bench.data.reading import Reading
from bench.data.tables.table import Table, Values
from bench.errors import DataError

SEPARATORS = ",;\t|"
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
SAMPLE = 100
"""Lines that a separator is found in."""
_DECLARED = re.compile(r'"?sep=(.)"?\s*')
"""The first line of a file that Excel is to open with that separator."""
_SHOWN = 5
"""Rows that an error lists."""


@dataclass(frozen=True)
class Dialect:
    """How the columns are parted."""

    separator: str
    quoted: bool
    usual: bool
    """Whether the file's name says so."""

    @property
    def said(self) -> tuple[str, ...]:
        """What a reader must know."""
        return () if self.usual else (f"columns parted by {NAMES.get(self.separator, repr(self.separator))}",)


def delimited_table(lines: Iterator[str], reading: Reading, suffix: str, where: str) -> Table:
    """A table of text lines that end with a line break; `suffix` tells the usual separator."""
    head = list(islice(lines, SAMPLE))
    if not head:
        raise DataError(f"{where}: empty file; give one with rows")
    declared = _DECLARED.fullmatch(head[0])
    if declared:
        head = head[1:]
    given = reading.separator or (declared[1] if declared else None)
    dialect = find_dialect(head, partial(has_columns, reading=reading), reading, suffix, given)
    rows = csv_rows(chain(head, lines), dialect.separator, dialect.quoted)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{where}: empty file; give one with rows")
    names = first.fields if reading.header else [str(i) for i in range(1, len(first.fields) + 1)]
    records = _whole(rows if reading.header else chain([first], rows), len(names), where)
    hint = _headless(first.fields, head, dialect) if reading.header else ""
    return Table(names, lambda columns: _picked(records, columns), dialect.said, hint=hint)


def find_dialect(
    head: Sequence[str],
    wanted: Callable[[Sequence[str]], object],
    reading: Reading,
    suffix: str,
    given: str | None = None,
) -> Dialect:
    """The separator that is `given`, else under which the header's names are `wanted`, else one of even rows."""
    usual = "\t" if suffix == ".tsv" else ","
    if given is not None:
        return Dialect(given, reading.quoted and (given != "\t" or suffix != ".tsv"), given == usual)
    candidates = [usual, *(c for c in SEPARATORS if c != usual)]
    dialects = [Dialect(c, reading.quoted and not (c == "\t" and suffix == ".tsv"), c == usual) for c in candidates]
    if reading.header:
        for dialect in dialects:
            names = next(csv_rows(iter(head[:1]), dialect.separator, dialect.quoted)).fields
            if wanted(names):
                return dialect
    even = [dialect for dialect in dialects if _is_even(head, dialect)]
    return even[0] if even else dialects[0]


def _is_even(head: Sequence[str], dialect: Dialect) -> bool:
    """Whether it makes rows of one width, wider than one column."""
    widths = {len(row.fields) for row in csv_rows(iter(head), dialect.separator, dialect.quoted) if row.fields}
    return len(widths) == 1 and widths.pop() > 1


def _whole(rows: Iterable[CsvRow], width: int, where: str) -> Iterator[list[str]]:
    """The fields of each row; a doubtful one is an error at once, those of another width all together at the end.

    Nothing that was yielded may be used before the end: a text that is cut at a comma is told there.
    """
    odd: Counter[int] = Counter()
    first: list[int] = []
    number = 0
    for row in rows:
        if row.doubt:
            raise DataError(
                f"{where} line {row.line}: malformed CSV: {row.doubt}; mend it, "
                "or --no-quotes if a quotation mark is a character there"
            )
        if not row.fields:  # a blank line between records
            continue
        number += 1
        if len(row.fields) == width:
            yield row.fields
            continue
        odd[len(row.fields)] += 1
        if len(first) < _SHOWN:
            first.append(number)
    if odd:
        total = odd.total()
        listed = ", ".join(map(str, first)) + (", …" if total > len(first) else "")
        widths = " or ".join(map(str, sorted(odd)))
        rows_ = f"row {listed}: {widths} fields" if total == 1 else f"{total:,} rows of {widths} fields ({listed})"
        raise DataError(
            f"{where} {rows_} where the first line has {width}: a text that holds the separator needs quotes around it"
        )


def _picked(records: Iterator[list[str]], columns: Sequence[int]) -> Iterator[Values]:
    for record in records:
        yield tuple([record[i] for i in columns])


def _headless(first: Sequence[str], head: Sequence[str], dialect: Dialect) -> str:
    """Where the first line has values of the later ones, it is a row, and there is no header."""
    rows = [row.fields for row in csv_rows(iter(head[1:]), dialect.separator, dialect.quoted)]
    rows = [row for row in rows if len(row) == len(first)]
    repeated = [i for i, value in enumerate(first) if value and sum(row[i] == value for row in rows) > 1]
    if len(first) < 2 or not repeated:
        return ""
    label = repeated[-1]
    others = [i for i in range(len(first)) if i != label]
    text = max(others, key=lambda i: sum(len(row[i]) for row in rows))
    return (
        f"the first line looks like a text and a label, not like names of columns: "
        f"--no-header --text-column {text + 1} --label-column {label + 1} reads it"
    )
