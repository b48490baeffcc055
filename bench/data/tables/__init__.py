"""The user's own file as a table, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.data.charset import UTF8, find_encoding, known_encoding
from bench.data.containers import FILE_SUFFIXES, UNREADABLE, format_suffix, why_unreadable
from bench.data.manifest import SourceFile
from bench.data.reading import Reading
from bench.data.stream import open_verified, text_lines
from bench.data.tables.arrow import feather_table, parquet_table
from bench.data.tables.delimited import delimited_table
from bench.data.tables.excel import excel_table
from bench.data.tables.json import json_lines_table, json_table
from bench.data.tables.lines import lines_table
from bench.data.tables.saved import is_saved, saved_table
from bench.data.tables.table import Table
from bench.errors import DataError

__all__ = ["Table", "file_encoding", "open_table", "table_suffix"]


@contextmanager
def open_table(path: Path, reading: Reading) -> Iterator[Table]:
    """A file, or a folder saved by `datasets`, as a table; what cannot be read is a one-line `DataError`."""
    if is_saved(path):
        yield saved_table(path)
        return
    suffix, where = table_suffix(path), str(path)
    if suffix in (".parquet", ".feather", ".arrow", ".xlsx"):
        with open_verified(path, SourceFile()) as stream:
            match suffix:
                case ".parquet":
                    yield parquet_table(stream, where)
                case ".xlsx":
                    yield excel_table(stream, reading, where)
                case _:
                    yield feather_table(stream, where)
        return
    encoding = file_encoding(path, reading.encoding)
    said = () if encoding == UTF8 or reading.encoding else (f"read as {encoding}",)
    with open_verified(path, SourceFile()) as stream:
        table = _text_table(text_lines(stream, encoding, where), reading, suffix, where)
        yield replace(table, said=(*said, *table.said))


def _text_table(lines: Iterator[str], reading: Reading, suffix: str, where: str) -> Table:
    match suffix:
        case ".json":
            return json_table(lines, where)
        case ".jsonl" | ".ndjson":
            return json_lines_table(lines, where)
        case ".txt":
            return lines_table(lines, reading, where)
    return delimited_table(lines, reading, suffix, where)


def table_suffix(path: Path) -> str:
    """The format of a file by its name, `.csv` of `a.csv.gz`; an unknown one is an error that names those there are."""
    try:
        suffix = format_suffix(path)
    except UNREADABLE as error:
        raise DataError(f"{path}: {why_unreadable(path, error)}") from None
    if suffix not in FILE_SUFFIXES:
        raise DataError(
            f"{path}: unknown format '{suffix}'; a data file ends in {', '.join(FILE_SUFFIXES)} "
            "(.gz, .bz2, .xz or .zip may follow), or is a folder that `datasets` has saved"
        )
    return suffix


def file_encoding(path: Path, chosen: str | None) -> str:
    """The encoding of a text file: the one that is `chosen`, else what is found."""
    if chosen is not None:
        return known_encoding(chosen)
    with open_verified(path, SourceFile()) as stream:
        return find_encoding(stream, str(path))
