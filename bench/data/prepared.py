"""A prepared data set as it lies in its folder.

A predicting process reads the texts of the test split from one file; only the scorer opens the file with its labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from bench.contract import Split
from bench.data.describe import Description
from bench.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


class Meta(BaseModel):
    """`meta.json` of a prepared folder."""

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    revision: str
    label_names: tuple[str, ...]
    n_train: int
    n_validation: int
    n_test: int
    train_hash: str
    """Of label names and the ids, texts and labels of train and validation."""
    test_hash: str
    validation_source: str
    counts: dict[str, int]
    notes: tuple[str, ...]
    licence: str
    citation: str
    source: str
    limit: int | None
    file_bytes: dict[str, int]


class Prepared:
    """A prepared data set in its folder. Splits are read when asked for and not kept."""

    def __init__(self, folder: Path, meta: Meta) -> None:
        self.folder = folder
        self.meta = meta

    @classmethod
    def open(cls, folder: Path) -> Prepared:
        """The prepared data set that a folder holds; an unreadable one is an error."""
        found = open_prepared(folder)
        if found is None:
            raise DataError(f"no prepared data set in {folder}; run the command again")
        return found

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

    def test_texts(self) -> tuple[list[str], list[str]]:
        """Ids and texts of the test split: all that a predicting process sees."""
        table = _read(self.folder / "test-texts.parquet")
        return table["id"].to_pylist(), table["text"].to_pylist()

    def test_labels(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Ids and labels int64 [n_test] of the test split, for the scorer alone."""
        table = _read(self.folder / "test-labels.parquet")
        return table["id"].to_pylist(), table["label"].to_numpy()

    def description(self) -> Description:
        """The whole data set described, whatever the limit; nothing is read but a small file."""
        try:
            return Description.model_validate_json((self.folder / "description.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(f"prepared data {self.folder} is damaged: {error}; delete it and run again") from None

    def _split(self, file: str) -> Split:
        table = _read(self.folder / file)
        return Split(table["id"].to_pylist(), table["text"].to_pylist(), table["label"].to_numpy(), self.label_names)


def open_prepared(folder: Path) -> Prepared | None:
    """A prepared folder that is whole, by the sizes of its files; None for one that is not."""
    try:
        meta = Meta.model_validate_json((folder / "meta.json").read_bytes())
        whole = all((folder / name).stat().st_size == size for name, size in meta.file_bytes.items())
    except (OSError, ValidationError):
        return None
    return Prepared(folder, meta) if whole else None


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"prepared data {path} is damaged: {error}; delete its folder and run again") from None
