"""The records of a file or a stream, one at a time, whatever its format. Each has its problem."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from bench.api import BenchError, did_you_mean
from bench.data.columns import joined
from bench.data.tables import table_suffix
from bench.data.tables.excel import sheet_rows
from bench.data.tables.json import records_of
from serving.arrow import read_feather, read_parquet
from serving.records import Columns, Record, decoded_lines, printable, record_of, unique_names
from serving.source import Source
from serving.tables import read_table


def format_of(path: Path | None, option: str | None) -> str:
    """By the `option` or the file's ending; the standard streams are lines of text by default."""
    name = option or (table_suffix(path).lstrip(".") if path else "txt")
    if name not in READERS:
        where = str(path) if path else "-"
        raise BenchError(f"{where}: unknown format '{name}': {did_you_mean(name, READERS)}; choose with --format")
    return name


def read_records(stream: BinaryIO, source: Source) -> Iterator[Record]:
    """The records of a stream in order."""
    try:
        yield from READERS[source.kind](stream, source)
    except OSError as error:
        raise BenchError(f"{source.where}: cannot be read: {error.strerror or error}") from None


def _read_lines(stream: BinaryIO, source: Source) -> Iterator[Record]:
    for line in decoded_lines(stream, source.encoding):
        text = line.rstrip("\r\n")
        yield record_of({source.columns[-1]: text}, text)


def _read_json_lines(stream: BinaryIO, source: Source) -> Iterator[Record]:
    for line in decoded_lines(stream, source.encoding):
        yield _object(line, source) if line.strip() else Record({"line": printable(line)}, None, "a blank line")


def _read_json(stream: BinaryIO, source: Source) -> Iterator[Record]:
    """One document with a list of objects; an object a line where the first line is one and others follow."""
    lines = list(decoded_lines(stream, source.encoding))
    try:
        found = records_of(json.loads("".join(lines), object_pairs_hook=_pairs))
    except (ValueError, RecursionError):
        for line in lines:
            yield _object(line, source) if line.strip() else Record({"line": printable(line)}, None, "a blank line")
        return
    for value in found or []:
        yield _of_value(value, source, partial(json.dumps, value))


def _read_excel(stream: BinaryIO, source: Source) -> Iterator[Record]:
    rows = sheet_rows(stream, source.where)
    first = next(rows, None)
    if first is None:
        return
    header = [str(name) for name in first] if source.reading.header else [str(i + 1) for i in range(len(first))]
    at, names = source.positions(header), unique_names(header)
    for row in rows if source.reading.header else chain([first], rows):
        cells = [*row, *[None] * (len(names) - len(row))]
        columns = dict(zip(names, cells, strict=False))
        yield record_of(columns, joined([columns[names[i]] for i in at]))


def _object(line: str, source: Source) -> Record:
    try:
        return _of_value(json.loads(line, object_pairs_hook=_pairs), source, lambda: line)
    except ValueError:
        problem = "not JSON"
    except RecursionError:
        problem = "nested too deep"
    return Record({"line": printable(line)}, None, problem)


def _of_value(value: Any, source: Source, written: Callable[[], str]) -> Record:
    if isinstance(value, dict):
        return record_of(value, source.text_of(value))
    return Record({"line": printable(written())}, None, f"a {type(value).__name__} where an object is needed")


def _pairs(pairs: list[tuple[str, Any]]) -> Columns:
    """An object that loses none of two values of one name."""
    columns = dict(pairs)
    if len(columns) == len(pairs):
        return columns
    return dict(zip(unique_names([name for name, _ in pairs]), (value for _, value in pairs), strict=True))


OBJECTS = ("json", "jsonl", "ndjson")
"""Formats whose records need not have the same columns."""
READERS: dict[str, Callable[[BinaryIO, Source], Iterator[Record]]] = {
    "csv": read_table,
    "tsv": read_table,
    "json": _read_json,
    "jsonl": _read_json_lines,
    "ndjson": _read_json_lines,
    "parquet": read_parquet,
    "feather": read_feather,
    "arrow": read_feather,
    "xlsx": _read_excel,
    "txt": _read_lines,
}
