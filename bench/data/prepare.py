"""Data made ready once and kept: read, verified and split, then written whole or not at all.

A worker reads the texts of the test split from one file; only the scorer opens the file with its labels.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from bench.api import Split
from bench.data.describe import Description, describe_published
from bench.data.digest import split_hash
from bench.data.load import Dataset, assemble
from bench.data.locate import data_roots, find_file
from bench.data.manifest import entry
from bench.data.published import PublishedSet, read_published
from bench.data.ref import DatasetRef
from bench.data.splits import limit_rows
from bench.data.user_file import file_revision
from bench.errors import DataError, StoreError

if TYPE_CHECKING:
    import pyarrow as pa

PREPARE_VERSION = 1
"""Raised when the same sources would be prepared otherwise; what was prepared before is then made again."""
_FILES = ("train.parquet", "validation.parquet", "test-texts.parquet", "test-labels.parquet", "description.json")


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
        found = _open(folder)
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


def prepare(ref: DatasetRef, cache_dir: Path, limit: int | None = None) -> Prepared:
    """The prepared data set, made if it is not there; two processes that ask at once make it once.

    `limit` keeps that many rows of each split, labels in proportion. Raises DataError, or StoreError on a full or
    read-only `cache_dir`.
    """
    folder = cache_dir / prepared_key(ref, limit)
    if (found := _open(folder)) is not None:
        return found
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _locked(cache_dir / f".{folder.name}.lock"):
            if (found := _open(folder)) is not None:
                return found
            _remove_leftovers(folder)
            _write_whole(folder, read_published(ref), limit)
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            f"cannot write prepared data to {cache_dir}: {reason}; free space or choose another --store"
        ) from error
    made = _open(folder)
    assert made is not None
    return made


def find_prepared(ref: DatasetRef, cache_dir: Path, limit: int | None = None) -> Prepared | None:
    """What `prepare` would return, where it is there already; no data is read but a user's file hashed."""
    return _open(cache_dir / prepared_key(ref, limit))


def prepared_key(ref: DatasetRef, limit: int | None) -> str:
    """The folder's name: everything that decides its content, hashed. Unpinned sources count by their size and time."""
    if ref.path is not None:
        name = ref.path.name
        content = [file_revision(ref.path), ref.text_column, ref.label_column]
    else:
        found = entry(ref.name)
        name, content = found.name, [found.model_dump_json()]
        for relative in (path for path, file in found.files.items() if not file.pinned):
            path = find_file(relative, data_roots(ref.data_dir))
            content.append(f"{path.stat().st_size}:{path.stat().st_mtime_ns}" if path else "absent")
    parts = json.dumps([PREPARE_VERSION, name, limit, *content])
    return f"{name}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"


def _open(folder: Path) -> Prepared | None:
    """A prepared folder that is whole, by the sizes of its files; None for one that is not."""
    try:
        meta = Meta.model_validate_json((folder / "meta.json").read_bytes())
        whole = all((folder / name).stat().st_size == size for name, size in meta.file_bytes.items())
    except (OSError, ValidationError):
        return None
    return Prepared(folder, meta) if whole else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for the lock and hold it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_leftovers(folder: Path) -> None:
    """With the lock held, what lies there is of a process that was killed, or damaged."""
    for leftover in [*folder.parent.glob(f".{folder.name}.part-*"), folder]:
        shutil.rmtree(leftover, ignore_errors=True)


def _write_whole(folder: Path, published: PublishedSet, limit: int | None) -> None:
    dataset = assemble(published)
    description = describe_published(published, dataset)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.part-"))
    try:
        (temporary / "description.json").write_text(description.model_dump_json(), encoding="utf-8")
        _write(temporary, dataset, limit)
        temporary.chmod(0o755)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write(folder: Path, dataset: Dataset, limit: int | None) -> None:
    train, validation, test = (
        _limited(split, limit, f"{dataset.name} {name}")
        for name, split in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test))
    )
    for name, split in (("train.parquet", train), ("validation.parquet", validation)):
        _write_table(folder / name, {"id": split.ids, "text": split.texts, "label": split.labels})
    _write_table(folder / "test-texts.parquet", {"id": test.ids, "text": test.texts})
    _write_table(folder / "test-labels.parquet", {"id": test.ids, "label": test.labels})
    meta = Meta(
        name=dataset.name,
        title=dataset.title,
        revision=dataset.revision,
        label_names=dataset.label_names,
        n_train=len(train),
        n_validation=len(validation),
        n_test=len(test),
        train_hash=split_hash(dataset.label_names, train, validation),
        test_hash=split_hash(dataset.label_names, test),
        validation_source=dataset.validation_source,
        counts=dict(dataset.counts),
        notes=dataset.notes,
        licence=dataset.licence,
        citation=dataset.citation,
        source=dataset.source,
        limit=limit,
        file_bytes={name: (folder / name).stat().st_size for name in _FILES},
    )
    with (folder / "meta.json").open("w") as file:
        file.write(meta.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())


def _limited(split: Split, limit: int | None, where: str) -> Split:
    if limit is None or limit >= len(split):
        return split
    keep = limit_rows(split.labels, limit, where)
    ids, texts = [split.ids[i] for i in keep], [split.texts[i] for i in keep]
    return Split(ids, texts, split.labels[keep], split.label_names)


def _write_table(path: Path, columns: dict[str, list[str] | npt.NDArray[np.int64]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # large_string: a plain one ends at 2 GiB a column.
    arrays = {
        name: pa.array(x, pa.large_string() if isinstance(x, list) else pa.int64()) for name, x in columns.items()
    }
    with path.open("wb") as file:
        pq.write_table(pa.table(arrays), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"prepared data {path} is damaged: {error}; delete its folder and run again") from None
