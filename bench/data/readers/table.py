r"""CSV and TSV. Records end at `\n`; line breaks inside quoted fields, `\r\r\n` too, stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.data.columns import unknown_column
from bench.data.csv_rows import CsvRow, csv_rows
from bench.data.manifest import TableLayout
from bench.data.stream import text_lines
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_table(layout: TableLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """The text and label columns of every record; a record of another width than the first is an error."""
    for split, paths in files.items():
        for path in paths:
            with open_file(path) as stream:
                rows = csv_rows(text_lines(stream, layout.encoding, path), layout.delimiter, layout.quoted)
                yield from _rows((_certain(row, path) for row in rows), layout, split, path)


def _certain(row: CsvRow, path: str) -> list[str]:
    if row.doubt:
        raise DataError(f"{path} line {row.line}: malformed CSV: {row.doubt}; mend it")
    return row.fields


def _rows(records: Iterator[list[str]], layout: TableLayout, split: str, path: str) -> Iterator[Row]:
    first = next(records, None)
    if first is None:
        raise DataError(f"{path}: empty file; give one with rows")
    columns = (layout.text_column, layout.label_column)
    text, label = (column_index(column, first, layout.header, path) for column in columns)
    width = len(first)
    if not layout.header:
        yield split, first[text], first[label]
    for number, record in enumerate(records, start=1 if layout.header else 2):
        if len(record) != width:
            if not record:  # a blank line between records
                continue
            raise DataError(
                f"{path} row {number}: {len(record)} fields where the first line has {width}; quote or mend it"
            )
        yield split, record[text], record[label]


def column_index(column: str | int, first: list[str], header: bool, path: str) -> int:
    """The position of a column; an unknown one is an error that lists what there is."""
    if isinstance(column, int):
        if column >= len(first):
            raise DataError(f"{path}: no column {column}; the first line has {len(first)} fields")
        return column
    if not header or column not in first:
        raise DataError(unknown_column(path, column, first))
    return first.index(column)
