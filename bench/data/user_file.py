"""The user's own CSV, TSV, JSONL or Parquet file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bench.data.manifest import JsonLinesLayout, Layout, ParquetLayout, SourceFile, TableLayout, dataset_names
from bench.data.readers import read_rows
from bench.data.ref import FILE_SUFFIXES
from bench.data.rows import Collector, Published
from bench.data.stream import open_verified
from bench.errors import DataError, did_you_mean

SPLIT_COLUMN = "split"
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class UserFile:
    """What a file holds: `all`, or its own splits where it has a `split` column. Labels are sorted by name."""

    revision: str
    label_names: tuple[str, ...]
    splits: dict[str, Published]


def read_user_file(path: Path, text_column: str, label_column: str) -> UserFile:
    """Read and check a file; its revision is the hash of its content."""
    layout = user_layout(path, text_column, label_column)
    revision = file_revision(path)

    @contextmanager
    def open_file(_: str) -> Iterator[BinaryIO]:
        with open_verified(path, SourceFile()) as stream:
            yield stream

    collector = Collector({"all": str(path)}, text_column, label_column)
    collector.add_all(read_rows(layout, {"all": (str(path),)}, open_file))
    label_names = tuple(sorted(collector.labels))
    splits = collector.finish(label_names, {})
    if not splits:
        raise DataError(f"{path}: no rows; give a file with texts and labels")
    if len(label_names) < 2:
        raise DataError(f"{path}: column '{label_column}' holds one label only, '{label_names[0]}'; two are needed")
    _check_splits(path, splits, label_names)
    return UserFile(revision, label_names, splits)


def file_revision(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a file's bytes; a missing one is an error with the nearest right name."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except FileNotFoundError:
        near = [str(p) for p in path.parent.glob("*")] if path.parent.is_dir() else []
        near = [name for name in near if name.removesuffix(".xz").endswith(FILE_SUFFIXES)]
        hint = did_you_mean(str(path), near) if near else f"give a file, or one of: {', '.join(dataset_names())}"
        raise DataError(f"no file {path}: {hint}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def user_layout(path: Path, text_column: str, label_column: str) -> Layout:
    """How to read a file, by its suffix. TSV is read without quoting, as tweets and GLUE's files need it."""
    suffix = Path(path.stem).suffix if path.suffix == ".xz" else path.suffix
    columns = {"text_column": text_column, "label_column": label_column, "split_column": SPLIT_COLUMN}
    match suffix.lower():
        case ".csv":
            return TableLayout(reader="table", encoding="utf-8-sig", **columns)
        case ".tsv":
            return TableLayout(reader="table", encoding="utf-8-sig", delimiter="\t", quoted=False, **columns)
        case ".jsonl":
            return JsonLinesLayout(reader="jsonl", encoding="utf-8-sig", **columns)
        case ".parquet":
            return ParquetLayout(reader="parquet", **columns)
    raise DataError(
        f"{path}: unknown format '{suffix}'; a data file ends in {', '.join(FILE_SUFFIXES)} (or one of these and .xz)"
    )


def _check_splits(path: Path, splits: dict[str, Published], label_names: tuple[str, ...]) -> None:
    """A `split` column must have train and test, only names of splits, and every label in train."""
    if "all" in splits:
        return
    for name in splits:
        if name not in SPLITS:
            raise DataError(f"{path}: '{name}' in column '{SPLIT_COLUMN}': {did_you_mean(str(name), SPLITS)}")
    for name in ("train", "test"):
        if name not in splits:
            raise DataError(f"{path}: no row has '{name}' in column '{SPLIT_COLUMN}'; add some or delete the column")
    absent = set(range(len(label_names))) - set(np.unique(splits["train"].labels).tolist())
    if absent:
        raise DataError(f"{path}: label '{label_names[min(absent)]}' has no row in train; add some or drop that label")
