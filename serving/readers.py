"""The records of a file or a stream, one at a time: CSV, TSV, JSON lines, Parquet, lines. Each has its problem."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from bench.api import BenchError, did_you_mean
from serving.arrow import read_parquet
from serving.records import Columns, Record, decoded_lines, printable, record_of, unique_names
from serving.tables import read_csv, read_tsv


def format_of(path: Path | None, option: str | None) -> str:
    """By the `option` or the file's ending; the standard streams are lines of text by default."""
    name = option or (path.suffix.lower().lstrip(".") if path else "txt")
    if name not in READERS:
        where = str(path) if path else "-"
        raise BenchError(f"{where}: unknown format '{name}': {did_you_mean(name, READERS)}; choose with --format")
    return name


def read_records(stream: BinaryIO, kind: str, column: str, where: str) -> Iterator[Record]:
    """The records of a stream in order; `column` holds the text, `where` names the stream in errors."""
    try:
        yield from READERS[kind](stream, column, where)
    except OSError as error:
        raise BenchError(f"{where}: cannot be read: {error.strerror or error}") from None


def _read_lines(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    for line in decoded_lines(stream):
        text = line.rstrip("\r\n")
        yield record_of({column: text}, text)


def _read_json_lines(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    for line in decoded_lines(stream):
        yield _object(line, column) if line.strip() else Record({"line": printable(line)}, None, "a blank line")


def _object(line: str, column: str) -> Record:
    try:
        value = json.loads(line, object_pairs_hook=_pairs)
        if isinstance(value, dict):
            return record_of(value, value.get(column))
        problem = f"a {type(value).__name__} where an object is needed"
    except ValueError:
        problem = "not JSON"
    except RecursionError:
        problem = "nested too deep"
    return Record({"line": printable(line)}, None, problem)


def _pairs(pairs: list[tuple[str, Any]]) -> Columns:
    """An object that loses none of two values of one name."""
    columns = dict(pairs)
    if len(columns) == len(pairs):
        return columns
    return dict(zip(unique_names([name for name, _ in pairs]), (value for _, value in pairs), strict=True))


READERS: dict[str, Callable[[BinaryIO, str, str], Iterator[Record]]] = {
    "csv": read_csv,
    "tsv": read_tsv,
    "jsonl": _read_json_lines,
    "parquet": read_parquet,
    "txt": _read_lines,
}
