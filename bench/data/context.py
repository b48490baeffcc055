"""What the published files say of a text beside its label: read from them again, as prepared data hold only texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from bench.data.columns import columns_at, find_columns, joined
from bench.data.manifest import Context, Layout, ParquetLayout, SourceFile, TableLayout, entry
from bench.data.published import locate
from bench.data.readers import read_rows
from bench.data.reading import Reading
from bench.data.ref import DatasetRef
from bench.data.stream import open_verified
from bench.data.tables import open_table
from bench.data.user_file import split_column, split_files
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

    def names(self) -> list[str]:
        """The columns that are neither text nor label nor split."""
        with open_table(self.path, self.reading) as table:
            names = list(table.names)
            told = split_column(table, str(self.path), self.reading)
            used = {
                told,
                *(find_columns(names, self.reading.text_column) or ()),
                *(find_columns(names, self.reading.label_column) or ()),
            }
        return [name for i, name in enumerate(names) if i not in used]

    def _rows(self, name: str) -> Iterator[tuple[str, object, object]]:
        for split, file in split_files(self.path, self.reading).items():
            with open_table(file, self.reading) as table:
                columns = columns_at(table.names, self.reading.text_column, str(file))
                told = split_column(table, str(file), self.reading) if split == "all" else None
                picked = [*columns, *columns_at(table.names, name, str(file)), *([] if told is None else [told])]
                for row in table.pick(picked):
                    yield split if told is None else split_of(row[-1]), joined(row[: len(columns)]), row[len(columns)]


def _values(rows: Iterator[tuple[str, object, object]], ids: Sequence[str], texts: Sequence[str]) -> list[str] | None:
    """The value of each row, None where the column is not there or the texts are others."""
    positions: dict[str, int] = {}
    wanted = set(ids)
    values: dict[str, tuple[object, str]] = {}
    try:
        for split, text, value in rows:
            position = positions[split] = positions.get(split, -1) + 1
            row = f"{'row' if split == 'all' else split}-{position:05d}"  # as `bench.data.load` numbers them
            if row in wanted:
                values[row] = text, "" if value is None else str(value).strip()
    except DataError:  # a copy from elsewhere, without the column
        return None
    if any(values.get(row, ("",))[0] != text for row, text in zip(ids, texts, strict=True)):
        return None
    return [values[row][1] for row in ids]


def written(ref: DatasetRef, ids: Sequence[str], texts: Sequence[str]) -> Written:
    """Of rows of one split by their ids; what the files that are found do not have is left out."""
    table = _source(ref, ids)
    if table is None:
        return Written()
    dates = table.column(table.context.date_column, ids, texts)
    parsed = None if dates is None else [_parsed(value, table.context.date_format) for value in dates]
    return Written(parsed, table.column(table.context.place_column, ids, texts))


def other_columns(ref: DatasetRef, ids: Sequence[str], texts: Sequence[str]) -> dict[str, list[str]]:
    """What stands beside text and label of rows of one split, by column: all of a user's file, else date and place."""
    table = _source(ref, ids)
    if table is None:
        return {}
    names = table.names() if isinstance(table, _Own) else [table.context.date_column, table.context.place_column]
    columns = {str(name): table.column(name, ids, texts) for name in names if name is not None}
    return {name: values for name, values in columns.items() if values is not None}


def _source(ref: DatasetRef, ids: Sequence[str]) -> _Own | _Table | None:
    if ref.path is not None:
        return None if ref.path.is_dir() else _Own(ref.path, ref.reading)
    return _of_manifest(ref, ids[0].rpartition("-")[0]) if len(ids) else None


def _of_manifest(ref: DatasetRef, split: str) -> _Table | None:
    found = entry(ref.name)
    if found.context == Context():
        return None
    located = locate(found, ref.data_dir)
    split = split if split in located.layouts else "all"
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
