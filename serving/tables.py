"""CSV and TSV, row by row: a row of the wrong width and an open quote are reported and cost no other row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from typing import BinaryIO

from bench.api import BenchError
from bench.data.columns import find_columns, joined
from bench.data.csv_rows import CsvRow, csv_rows
from bench.data.tables.delimited import SAMPLE, find_dialect
from serving.records import Record, decoded_lines, record_of, unique_names, unreadable
from serving.source import Source


def read_table(stream: BinaryIO, source: Source) -> Iterator[Record]:
    """Columns parted by what the source's reading says, else by what is found in the first lines."""
    lines = decoded_lines(stream, source.encoding)
    head = list(islice(lines, SAMPLE))
    if not head:
        return
    reading = source.reading
    wanted = partial(find_columns, wanted=source.columns[0])
    dialect = find_dialect(head, wanted, reading, f".{source.kind}", reading.separator)
    rows = csv_rows(chain(head, lines), dialect.separator, dialect.quoted)
    first = next(rows, None)
    if first is None:
        return
    if reading.header and first.doubt:
        raise BenchError(f"{source.where} line 1: {first.doubt}")
    if any("\r" in name for name in first.fields):
        raise BenchError(f"{source.where}: lines end with a carriage return alone; write them with a line feed")
    header = first.fields if reading.header else [str(i) for i in range(1, len(first.fields) + 1)]
    at = source.positions(header)
    names = unique_names(header)
    for row in rows if reading.header else chain([first], rows):
        yield _record(row, names, at)


def _record(row: CsvRow, names: list[str], at: list[int]) -> Record:
    fields, doubt = row.fields, f"line {row.line}: {row.doubt}" if row.doubt else None
    columns = dict(zip(names, [*fields, *[""] * (len(names) - len(fields))], strict=False))
    if len(fields) == len(names):
        return record_of(columns, joined([columns[names[i]] for i in at]), doubt)
    problem = f"{len(fields)} fields where the header has {len(names)}" if fields else "a blank line"
    if len(fields) > len(names):
        problem += f"; the rest is {json.dumps(fields[len(names) :])}"
    return unreadable(columns, f"{doubt}; {problem}" if doubt else problem)
