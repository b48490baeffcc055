"""When and where test texts were written: read from the published files again, as prepared data hold neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from bench.data.columns import columns_at, joined
from bench.data.manifest import Context, Layout, ParquetLayout, SourceFile, TableLayout, entry
from bench.data.published import locate
from bench.data.readers import read_rows
from bench.data.reading import Reading
from bench.data.ref import DatasetRef
from bench.data.stream import open_verified
from bench.data.tables import open_table
from bench.data.user_file import split_column
from bench.data.user_rows import split_of
from bench.errors import DataError

OWN = Context(date_column="date", place_column="place")
"""The columns of a user's file."""


@dataclass(frozen=True)
class Written:
    """Of each text; None, or empty, where that is not recorded. No list where the data have no such column."""

    dates: list[date | None] | None = None
    places: list[str] | None = None


@dataclass(frozen=True)
class _Table:
    """A file of columns with the test rows."""

    layout: TableLayout | ParquetLayout
    files: Mapping[str, tuple[str, ...]]
    """By split, `test` or `all`."""
    paths: Mapping[str, Path]
    sources: Mapping[str, SourceFile]
    context: Context

    def column(self, name: str | int | None, ids: Sequence[str], texts: Sequence[str]) -> list[str] | None:
        """Its value of each row, empty where there is none; None for no such column, or rows of other texts."""
        if name is None:
            return None
        layout = self.layout.model_copy(update={"label_column": name})
        rows = ((split, text, value) for split, text, value, *_ in read_rows(layout, self.files, self._open))
        return _values(rows, ids, texts)

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        with open_verified(self.paths[name], self.sources.get(name, SourceFile())) as stream:
            yield stream


@dataclass(frozen=True)
class _Own:
    """A user's file."""

    path: Path
    reading: Reading
    context: Context = OWN

    def column(self, name: str | int | None, ids: Sequence[str], texts: Sequence[str]) -> list[str] | None:
        """As of `_Table`."""
        return None if name is None else _values(self._rows(str(name)), ids, texts)

    def _rows(self, name: str) -> Iterator[tuple[str, object, object]]:
        with open_table(self.path, self.reading) as table:
            where = str(self.path)
            columns = columns_at(table.names, self.reading.text_column, where)
            told = split_column(table, where, self.reading)
            picked = [*columns, *columns_at(table.names, name, where), *([] if told is None else [told])]
            for row in table.pick(picked):
                split = "all" if told is None else split_of(row[-1])
                yield split, joined(row[: len(columns)]), row[len(columns)]


def _values(rows: Iterator[tuple[str, object, object]], ids: Sequence[str], texts: Sequence[str]) -> list[str] | None:
    """The value of each row, None where the column is not there or the texts are others."""
    positions: dict[str, int] = {}
    values: dict[str, tuple[object, str]] = {}
    try:
        for split, text, value in rows:
            position = positions[split] = positions.get(split, -1) + 1
            row = f"{'row' if split == 'all' else split}-{position:05d}"  # as `bench.data.load` numbers them
            values[row] = text, "" if value is None else str(value).strip()
    except DataError:  # a copy from elsewhere, without the column
        return None
    if any(values.get(row, ("",))[0] != text for row, text in zip(ids, texts, strict=True)):
        return None
    return [values[row][1] for row in ids]


def written(ref: DatasetRef, ids: Sequence[str], texts: Sequence[str]) -> Written:
    """Of test rows by their ids; what the files that are found do not have is left out."""
    table = _Own(ref.path, ref.reading) if ref.path is not None else _of_manifest(ref)
    if table is None:
        return Written()
    dates = table.column(table.context.date_column, ids, texts)
    parsed = None if dates is None else [_parsed(value, table.context.date_format) for value in dates]
    return Written(parsed, table.column(table.context.place_column, ids, texts))


def _of_manifest(ref: DatasetRef) -> _Table | None:
    found = entry(ref.name)
    if found.context == Context():
        return None
    located = locate(found, ref.data_dir)
    split = "test" if "test" in located.layouts else "all"
    return _table(
        located.layouts[split], {split: located.split_files[split]}, located.paths, found.files, found.context
    )


def _table(
    layout: Layout,
    files: Mapping[str, tuple[str, ...]],
    paths: Mapping[str, Path],
    sources: Mapping[str, SourceFile],
    context: Context,
) -> _Table | None:
    if not isinstance(layout, TableLayout | ParquetLayout):
        return None
    return _Table(layout, files, paths, sources, context)


def _parsed(value: str, form: str) -> date | None:
    """A date as the manifest writes it, or as ISO 8601 does."""
    try:
        return (
            datetime.fromisoformat(value).date() if form == OWN.date_format else datetime.strptime(value, form).date()
        )
    except ValueError:
        return None
