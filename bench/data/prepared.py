"""A prepared data set as it lies in its folder.

A predicting process reads the texts of the test split from one file; only the scorer opens the file with its labels.
Whoever reads a file holds it against its hash first: rows that were altered would give wrong numbers without an alarm.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from bench.contract import Split
from bench.data.describe import Description
from bench.data.digest import file_sha256, split_hash
from bench.data.facts import DatasetFacts
from bench.data.reading import Reading
from bench.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


class Meta(DatasetFacts):
    """`meta.json` of a prepared folder."""

    n_train: int
    n_validation: int
    n_test: int
    train_hash: str
    """Of label names and the ids, texts and labels of train and validation."""
    test_hash: str
    """Of label names and the ids, texts and labels of test."""
    validation_source: str
    counts: dict[str, int]
    limit: int | None
    reading: Reading | None = None
    """How a user's file was read, without paths; null for a set of the manifest."""
    sha256: dict[str, str]
    """Of each file beside this one."""


class Prepared:
    """A prepared data set in its folder. Splits are read when asked for and not kept."""

    def __init__(self, folder: Path, meta: Meta) -> None:
        self.folder = folder
        self.meta = meta

    @classmethod
    def open(cls, folder: Path) -> Prepared:
        """The prepared data set that a folder holds, its files unread as yet; none is an error."""
        meta = _read_meta(folder)
        if meta is None:
            raise DataError(f"no prepared data set in {folder}; run the command again")
        return cls(folder, meta)

    @property
    def name(self) -> str:
        """The data set's name; of a user's file, its file name."""
        return self.meta.name

    @property
    def revision(self) -> str:
        """The manifest's revision, or the content hash of a user's file."""
        return self.meta.revision

    @property
    def label_names(self) -> tuple[str, ...]:
        """In label order."""
        return self.meta.label_names

    @property
    def train_hash(self) -> str:
        """Hash of train and validation."""
        return self.meta.train_hash

    @property
    def test_hash(self) -> str:
        """Hash of test, labels included."""
        return self.meta.test_hash

    def train(self) -> Split:
        """The training split."""
        return self._split("train.parquet")

    def validation(self) -> Split:
        """The validation split."""
        return self._split("validation.parquet")

    def training(self) -> tuple[Split, Split]:
        """Train and validation, which together must have the hash that is stored with runs trained on them."""
        train, validation = self.train(), self.validation()
        self._held_against(self.train_hash, train, validation)
        return train, validation

    def test(self) -> Split:
        """The test split with its labels, for the scorer alone; it must have the hash that is stored with its runs."""
        ids, texts = self.test_texts()
        labelled, labels = self.test_labels()
        if labelled != ids:
            raise self._altered("the labels of test are of other rows than its texts")
        test = Split(ids, texts, labels, self.label_names)
        self._held_against(self.test_hash, test)
        return test

    def test_texts(self) -> tuple[list[str], list[str]]:
        """Ids and texts of the test split: all that a predicting process sees."""
        table = self._read("test-texts.parquet")
        return table["id"].to_pylist(), table["text"].to_pylist()

    def test_labels(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Ids and labels of the test split, int64 [n_test] or [n_test, n_labels], for the scorer alone."""
        table = self._read("test-labels.parquet")
        return table["id"].to_pylist(), _labels(table["label"])

    def description(self) -> Description:
        """The whole data set described, whatever the limit; nothing is read but a small file."""
        with self._verified("description.json") as file:
            return Description.model_validate_json(file.read())

    def _split(self, name: str) -> Split:
        table = self._read(name)
        return Split(table["id"].to_pylist(), table["text"].to_pylist(), _labels(table["label"]), self.label_names)

    def _read(self, name: str) -> pa.Table:
        import pyarrow.parquet as pq

        with self._verified(name) as file:
            return pq.read_table(file)

    @contextmanager
    def _verified(self, name: str) -> Iterator[BinaryIO]:
        """A file with the content that it was written with."""
        try:
            with (self.folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != self.meta.sha256.get(name):
                    raise self._altered(f"{name} is not as it was written")
                file.seek(0)
                yield file
        except OSError as error:
            raise DataError(f"prepared data {self.folder / name} cannot be read: {error.strerror}") from None

    def _held_against(self, expected: str, *splits: Split) -> None:
        if split_hash(self.label_names, *splits) != expected:
            raise self._altered("its rows do not have the hash of meta.json")

    def _altered(self, how: str) -> DataError:
        return DataError(
            f"prepared data of {self.name} were altered: {how}; delete {self.folder} and run the command again"
        )


def _labels(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    import pyarrow as pa

    if not pa.types.is_fixed_size_list(column.type):
        return np.asarray(column.to_numpy())
    numbers = column.combine_chunks().flatten().to_numpy()
    return np.asarray(numbers.reshape(-1, column.type.list_size).astype(np.int64))


def open_prepared(folder: Path) -> Prepared | None:
    """A prepared folder whose files all are as they were written; None, with a warning, for one that is not."""
    prepared = whole_or_why(folder)
    if isinstance(prepared, Prepared):
        return prepared
    if folder.is_dir():
        warnings.warn(f"prepared data {folder.name}: {prepared}; thrown away and made again", stacklevel=2)
    return None


def whole_or_why(folder: Path) -> Prepared | str:
    """A prepared folder whose files all are as they were written, else what is wrong with it."""
    meta = _read_meta(folder)
    if meta is None:
        return "meta.json cannot be read"
    altered = _first_altered(folder, meta)
    return Prepared(folder, meta) if altered is None else f"{altered} is not as it was written"


def find_content(folder: Path, test_hash: str, train_hash: str | None = None) -> Prepared | None:
    """The prepared copy below `folder` with these rows of test, and of train if given; None where there is none."""
    for path in sorted(folder.glob("*/meta.json")):
        meta = _read_meta(path.parent)
        if meta is not None and meta.test_hash == test_hash and train_hash in (None, meta.train_hash):
            return Prepared(path.parent, meta)
    return None


def _read_meta(folder: Path) -> Meta | None:
    try:
        return Meta.model_validate_json((folder / "meta.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _first_altered(folder: Path, meta: Meta) -> str | None:
    for name, expected in meta.sha256.items():
        try:
            if file_sha256(folder / name) != expected:
                return name
        except OSError:
            return name
    return None
