"""The user's own file, or files: what they are, and what they hold as splits."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.data.columns import columns_at, find_column, find_columns, joined, unknown_column, usual_columns
from bench.data.containers import names_data
from bench.data.manifest import dataset_names
from bench.data.reading import AS_FOUND, NO_COLUMN, Reading
from bench.data.rows import Published
from bench.data.tables import Table, open_table
from bench.data.tables.saved import is_saved, saved_files
from bench.data.user_rows import UserRows
from bench.errors import DataError, did_you_mean

READING_VERSION = 4
"""Raised when the same file would be read otherwise."""


@dataclass(frozen=True)
class UserFile:
    """What a file holds: `all`, or its own splits where it has a `split` column. Labels are sorted by name."""

    revision: str
    label_names: tuple[str, ...]
    splits: dict[str, Published]
    reading: Reading = AS_FOUND
    """As it was read: with the names of the columns that were found."""
    notes: tuple[str, ...] = ()
    """What was found that is not the usual, and what was left out as was asked."""


def read_user_file(path: Path, reading: Reading) -> UserFile:
    """Read and check a file; its revision is the hash of its content. What is wrong with its rows is told at once."""
    files = split_files(path, reading)
    revision = files_revision(files)
    rows = UserRows(reading)
    said: list[str] = []
    for split, file in files.items():
        with open_table(file, reading) as table:
            said += table.said if len(files) == 1 else [f"{file.name}: {line}" for line in table.said]
            usual = usual_columns(table.names, rows.reading)
            if usual != rows.reading:
                said.append(f"texts are of column '{usual.text_column}', labels of '{usual.label_column}'")
                rows.reading = usual
            _gather(rows, table, file, None if split == "all" else split)
    found = rows.finish(str(path))
    return UserFile(revision, found.label_names, found.splits, rows.reading, (*said, *found.notes))


def told_by(path: Path, reading: Reading) -> UserFile:
    """What a file's rows say, without the rows: read once in a process, unless its content changes."""
    return _told_by(path, reading, files_revision(split_files(path, reading)))


@functools.lru_cache(maxsize=8)
def _told_by(path: Path, reading: Reading, revision: str) -> UserFile:
    return replace(read_user_file(path, reading), splits={})


def split_files(path: Path, reading: Reading) -> dict[str, Path]:
    """The files of each split: `all` for one file, which may have a column that tells the split."""
    more = {"validation": reading.validation_file, "test": reading.test_file}
    others = {split: file for split, file in more.items() if file is not None}
    if not others:
        return {"all": path}
    if reading.test_file is None:
        raise DataError(f"--validation-file {reading.validation_file} without --test-file: give both, or test alone")
    return {"train": path, **others}


def files_revision(files: dict[str, Path]) -> str:
    """The first 16 digits of the SHA-256 of a file's bytes; of several files, of theirs."""
    revisions = [file_revision(file) for file in files.values()]
    return revisions[0] if len(revisions) == 1 else hashlib.sha256("".join(revisions).encode()).hexdigest()[:16]


def file_revision(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a file's bytes; a missing one is an error with the nearest right name."""
    if is_saved(path):
        parts = "".join(f"{split} {file_revision(file)}" for split, file in saved_files(path))
        return hashlib.sha256(parts.encode()).hexdigest()[:16]
    if path.is_dir():
        raise DataError(f"{path} is a folder that `datasets` has not saved; give a file, or what `save_to_disk` made")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except FileNotFoundError:
        near = [str(p) for p in path.parent.glob("*")] if path.parent.is_dir() else []
        near = [name for name in near if names_data(name)]
        hint = did_you_mean(str(path), near) if near else f"give a file, or one of: {', '.join(dataset_names())}"
        raise DataError(f"no file {path}: {hint}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def user_content(path: Path, reading: Reading) -> list[str]:
    """All that decides what a file is read as: its bytes, those of the files beside it, and what was chosen."""
    revision = files_revision(split_files(path, reading))
    splits = "".join(split_files(path, reading))
    return [revision, splits, reading.portable.model_dump_json(), str(READING_VERSION)]


def _gather(rows: UserRows, table: Table, file: Path, split: str | None) -> None:
    """Take all rows of a table; `split` is that of the file, None where a column may tell it."""
    where, reading = table.where or str(file), rows.reading
    if table.hint and not find_columns(table.names, reading.text_column):
        raise DataError(f"{where}: {table.hint}")
    texts = columns_at(table.names, reading.text_column, where)
    label = columns_at(table.names, reading.label_column, where)
    if len(label) > 1:
        raise DataError(f"{where}: --label-column {reading.label_column} names several columns; give one")
    told = split_column(table, where, reading) if split is None else None
    names = table.codes.get(table.names[label[0]])
    picked = [*texts, label[0], *([] if told is None else [told])]
    rows.begin(str(file), split, told is not None)
    for *parts, written in _with_split(table.pick(picked), told is not None):
        *written_texts, written_label = parts
        rows.add(joined(written_texts), _named(written_label, names), written)


def _with_split(values: Iterator[tuple[object, ...]], told: bool) -> Iterator[tuple[object, ...]]:
    return values if told else ((*row, None) for row in values)


def split_column(table: Table, where: str, reading: Reading) -> int | None:
    """Where a table tells the split of its rows; None where it does not, or is not to be asked."""
    if reading.split_column == NO_COLUMN:
        return None
    found = find_column(table.names, reading.split_column)
    if found is None and reading.split_column != AS_FOUND.split_column:
        raise DataError(unknown_column(where, reading.split_column, table.names))
    return found


def _named(label: object, names: Sequence[str] | None) -> object:
    """The label's name, or those of a list, where the file has numbers for names; -1 is `datasets`' word for none."""
    if names is not None and isinstance(label, list):
        return [_named(one, names) for one in label]
    if names is None or not isinstance(label, int):
        return label
    return names[label] if 0 <= label < len(names) else None
