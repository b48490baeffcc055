"""Records of a file or a stream, one at a time: CSV, TSV, JSON lines, Parquet, lines. What is wrong is told."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from bench.api import BenchError, did_you_mean
from bench.standard_input import standard_input

LONGEST_FIELD = 1 << 30
BATCH = 2048
"""Rows that are read of a Parquet file at once."""


@dataclass(frozen=True)
class Record:
    """One row: its columns as they were, its text, and what is wrong where it has none."""

    columns: dict[str, Any]
    text: str | None
    problem: str | None = None


def format_of(path: Path | None, given: str | None) -> str:
    """By `given` or the file's ending; the standard streams are lines of text unless said otherwise."""
    name = given or (path.suffix.lower().lstrip(".") if path else "txt")
    if name not in READERS:
        where = str(path) if path else "-"
        raise BenchError(f"{where}: unknown format '{name}': {did_you_mean(name, READERS)}; choose with --format")
    return name


def read_records(stream: BinaryIO, kind: str, column: str, where: str) -> Iterator[Record]:
    """The records of a stream in order; `column` holds the text, `where` names the stream in errors."""
    yield from READERS[kind](stream, column, where)


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """A file, standard input for None."""
    if path is None:
        yield standard_input()
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from None
    with file:
        yield file


def _lines(stream: BinaryIO) -> Iterator[str]:
    r"""Split on `\n` alone; bytes that are not UTF-8 become lone surrogates, which `checked` tells."""
    for number, line in enumerate(stream):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8", "surrogateescape")


def checked(columns: dict[str, Any], text: Any) -> Record:
    """A record with its text, or with what is wrong with that: none, no string, not to be written as UTF-8."""
    if text is None:
        return Record(columns, None, "no text")
    if not isinstance(text, str):
        return Record(columns, None, f"the text is a {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return Record({k: shown(v) if isinstance(v, str) else v for k, v in columns.items()}, None, "not UTF-8")
    return Record(columns, text)


def shown(text: str) -> str:
    """Text that can be written: what was not UTF-8 becomes question marks."""
    return text.rstrip("\r\n").encode("utf-8", "replace").decode()


def packed(record: Record, column: str) -> Record:
    """A record of any keys as two columns that every record has: its text, and all of it as JSON."""
    return Record(
        {column: record.text, "record": json.dumps(record.columns, ensure_ascii=False)}, record.text, record.problem
    )


def _read_lines(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    for line in _lines(stream):
        text = line.rstrip("\r\n")
        yield checked({column: text}, text)


def _read_table(delimiter: str, quoting: Literal[0, 3]) -> Callable[[BinaryIO, str, str], Iterator[Record]]:
    def read(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
        csv.field_size_limit(LONGEST_FIELD)
        rows = csv.reader(_lines(stream), delimiter=delimiter, quoting=quoting)
        names = next(rows, None)
        if names is None:
            return
        if column not in names:
            raise BenchError(f"{where}: no column '{column}': {did_you_mean(column, names)}; choose with --text-column")
        for row in rows:
            if not row:  # a blank line between records
                continue
            columns = dict(zip(names, [*row, *[""] * (len(names) - len(row))], strict=False))
            if len(row) != len(names):
                yield Record(columns, None, f"{len(row)} fields where the header has {len(names)}")
            else:
                yield checked(columns, columns[column])

    return read


def _read_json_lines(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    for line in _lines(stream):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            yield Record({"line": shown(line)}, None, "not JSON")
            continue
        if not isinstance(found, dict):
            yield Record({"line": shown(line)}, None, f"a {type(found).__name__} where an object is needed")
        else:
            yield checked(found, found.get(column))


def _read_parquet(stream: BinaryIO, column: str, where: str) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(stream)
    except (pa.ArrowException, OSError) as error:
        raise BenchError(f"{where}: not readable as Parquet: {str(error).splitlines()[0]}") from None
    if column not in file.schema_arrow.names:
        known = did_you_mean(column, file.schema_arrow.names)
        raise BenchError(f"{where}: no column '{column}': {known}; choose with --text-column")
    for batch in file.iter_batches(batch_size=BATCH):
        for row in batch.to_pylist():
            yield checked(row, row[column])


READERS: dict[str, Callable[[BinaryIO, str, str], Iterator[Record]]] = {
    "csv": _read_table(",", csv.QUOTE_MINIMAL),
    "tsv": _read_table("\t", csv.QUOTE_NONE),
    "jsonl": _read_json_lines,
    "parquet": _read_parquet,
    "txt": _read_lines,
}
