"""CSV and TSV, row by row: a row of the wrong width and an open quote are reported and cost no other row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from bench.api import BenchError, did_you_mean
from bench.data.readers.csv_rows import CsvRow, csv_rows
from serving.records import Record, decoded_lines, record_of, unique_names, unreadable


def read_csv(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    """Comma separated, with quotes."""
    return _read(stream, column, where, ",", quoted=True)


def read_tsv(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    """Tab separated, without quotes, as tweets need it."""
    return _read(stream, column, where, "\t", quoted=False)


def _read(stream: BinaryIO, column: str, where: str, delimiter: str, quoted: bool) -> Iterator[Record]:
    rows = csv_rows(decoded_lines(stream), delimiter, quoted)
    header = next(rows, None)
    if header is None:
        return
    if header.doubt:
        raise BenchError(f"{where} line 1: {header.doubt}")
    if any("\r" in name for name in header.fields):
        raise BenchError(f"{where}: lines end with a carriage return alone; write them with a line feed")
    if column not in header.fields:
        near = did_you_mean(column, header.fields)
        raise BenchError(f"{where}: no column '{column}': {near}; choose with --text-column")
    names = unique_names(header.fields)
    for row in rows:
        yield _record(row, names, column)


def _record(row: CsvRow, names: list[str], column: str) -> Record:
    fields, doubt = row.fields, f"line {row.line}: {row.doubt}" if row.doubt else None
    columns = dict(zip(names, [*fields, *[""] * (len(names) - len(fields))], strict=False))
    if len(fields) == len(names):
        return record_of(columns, columns[column], doubt)
    problem = f"{len(fields)} fields where the header has {len(names)}" if fields else "a blank line"
    if len(fields) > len(names):
        problem += f"; the rest is {json.dumps(fields[len(names) :])}"
    return unreadable(columns, f"{doubt}; {problem}" if doubt else problem)
