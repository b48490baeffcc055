"""An input with texts: its format, where its texts stand, and how its bytes are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.api import BenchError, did_you_mean
from bench.data import Reading
from bench.data.charset import UTF8
from bench.data.columns import find_columns, joined
from bench.data.tables import file_encoding

TEXT_FORMATS = ("csv", "tsv", "json", "jsonl", "ndjson", "txt")


@dataclass(frozen=True)
class Source:
    """How an input is read."""

    kind: str
    where: str
    """What errors call it."""
    reading: Reading
    columns: tuple[str, ...] = ("text",)
    """The first that is there holds the text; one of several names with commas between them is all of these."""
    encoding: str = UTF8

    @property
    def said(self) -> str:
        """The encoding, where it was found and is not UTF-8."""
        return f"{self.where} is read as {self.encoding}" if self.encoding != UTF8 and not self.reading.encoding else ""

    def positions(self, names: Sequence[str]) -> list[int]:
        """Of the columns that make the text; a `BenchError` with the nearest right name where there are none."""
        found = self.find(names)
        if found is None:
            near = did_you_mean(self.columns[0], names)
            raise BenchError(f"{self.where}: no column '{self.columns[0]}': {near}; choose with --text-column")
        return found

    def find(self, names: Sequence[str]) -> list[int] | None:
        """The same, None where there are none."""
        return next((found for column in self.columns if (found := find_columns(names, column)) is not None), None)

    def text_of(self, record: dict[str, Any]) -> Any:
        """What an object has as its text."""
        if (value := record.get(self.columns[0])) is not None:
            return value
        names = list(record)
        found = self.find(names)
        return None if found is None else joined([record[names[i]] for i in found])


def source_of(path: Path | None, kind: str, given: Reading, stored: Mapping[str, Any] | None = None) -> Source:
    """How `path` is read, standard input for None: as `given`, else as the model's training data were, as `stored`."""
    own = Reading.model_validate(stored or {})
    chosen = own.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})
    columns = (chosen.text_column,) if "text_column" in given.model_fields_set else (chosen.text_column, "text")
    encoding = given.encoding or (own.encoding if path is None else None)
    if path is not None and kind in TEXT_FORMATS and path.is_file():
        encoding = _encoding(path, given, own)
    return Source(kind, str(path or "standard input"), chosen, tuple(dict.fromkeys(columns)), encoding or UTF8)


def _encoding(path: Path, given: Reading, own: Reading) -> str:
    """As given; as found; where it cannot be told that of the training data, else UTF-8: rows that are not say so."""
    try:
        return file_encoding(path, given.encoding)
    except BenchError:
        if given.encoding is not None:
            raise
    return file_encoding(path, own.encoding) if own.encoding else UTF8
