"""Data made ready once and kept: read, verified and split, then written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from bench.contract import Split
from bench.data.describe import describe_published
from bench.data.digest import file_sha256, split_hash
from bench.data.label_sets import rarest_labels
from bench.data.load import Dataset, assemble
from bench.data.locate import data_roots, find_file
from bench.data.manifest import entry, metric_of
from bench.data.prepared import Meta, Prepared, open_prepared
from bench.data.published import read_published
from bench.data.reading import Reading
from bench.data.ref import DatasetRef
from bench.data.splits import limit_rows
from bench.data.user_file import told_by, user_content
from bench.errors import DataError, StoreError
from bench.metrics import Metric

PREPARE_VERSION = 3
"""Raised when the same sources would be prepared otherwise; what was prepared before is then made again."""
_FILES = ("train.parquet", "validation.parquet", "test-texts.parquet", "test-labels.parquet", "description.json")


def prepare(ref: DatasetRef, cache_dir: Path, limit: int | None = None) -> Prepared:
    """The prepared data set, made if it is not there; two processes that ask at once make it once.

    `limit` keeps that many rows of each split, labels in proportion. Raises DataError, or StoreError on a full or
    read-only `cache_dir`.
    """
    folder = cache_dir / prepared_key(ref, limit)
    if (found := open_prepared(folder)) is not None:
        return found
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f".{folder.name}.lock"):
            if (found := open_prepared(folder)) is not None:
                return found
            for leftover in [*cache_dir.glob(f".{folder.name}.part-*"), folder]:  # of a kill, or damaged
                shutil.rmtree(leftover, ignore_errors=True)
            if ref.prepared is not None:
                raise DataError(f"prepared data {ref.prepared} are damaged: give the file {ref.name} with -d again")
            _write_whole(folder, ref, limit)
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            f"cannot write prepared data to {cache_dir}: {reason}; free space or choose another --store"
        ) from error
    made = open_prepared(folder)
    assert made is not None
    return made


def find_prepared(ref: DatasetRef, cache_dir: Path, limit: int | None = None) -> Prepared | None:
    """What `prepare` would return, where it is there already; files are hashed, no rows are read."""
    return open_prepared(cache_dir / prepared_key(ref, limit))


def metric_of_source(ref: DatasetRef, cache_dir: Path | None = None, limit: int | None = None) -> Metric:
    """The metric of a data set that may not be prepared yet; of a user's file, whose rows decide it, it is read."""
    if ref.path is None and ref.prepared is None:
        return metric_of(ref.name)
    try:
        ready = find_prepared(ref, cache_dir, limit) if cache_dir else None
        if ready is not None:
            return metric_of(ref.name, ready.meta.notes)
        return metric_of(ref.name, told_by(ref.path, ref.reading).notes if ref.path is not None else ())
    except DataError:  # what is wrong with the file is told by who prepares it: one that is optional may be left out
        return metric_of(ref.name)


def prepared_key(ref: DatasetRef, limit: int | None) -> str:
    """The folder's name: everything that decides its content, hashed; unpinned sources are read for it."""
    if ref.prepared is not None:
        return ref.prepared
    if ref.path is not None:
        name = ref.path.name
        content = user_content(ref.path, ref.reading)
    else:
        found = entry(ref.name)
        name, content = found.name, [found.model_dump_json()]
        for relative in (path for path, file in found.files.items() if not file.pinned):
            path = find_file(relative, data_roots(ref.data_dir))
            content.append(file_sha256(path) if path else "absent")
    parts = json.dumps([PREPARE_VERSION, name, limit, *content])
    return f"{name}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"


def _write_whole(folder: Path, ref: DatasetRef, limit: int | None) -> None:
    published = read_published(ref)
    dataset = assemble(published)
    description = describe_published(published, dataset)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.part-"))
    try:
        (temporary / "description.json").write_text(description.model_dump_json(), encoding="utf-8")
        _write(temporary, dataset, limit, published.reading and published.reading.portable)
        temporary.chmod(0o755)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write(folder: Path, dataset: Dataset, limit: int | None, reading: Reading | None) -> None:
    train, validation, test = (
        _limited(split, limit, f"{dataset.facts.name} {name}")
        for name, split in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test))
    )
    for name, split in (("train.parquet", train), ("validation.parquet", validation)):
        _write_table(folder / name, {"id": split.ids, "text": split.texts, "label": split.labels})
    _write_table(folder / "test-texts.parquet", {"id": test.ids, "text": test.texts})
    _write_table(folder / "test-labels.parquet", {"id": test.ids, "label": test.labels})
    meta = Meta(
        **dict(dataset.facts),
        n_train=len(train),
        n_validation=len(validation),
        n_test=len(test),
        train_hash=split_hash(dataset.facts.label_names, train, validation),
        test_hash=split_hash(dataset.facts.label_names, test),
        validation_source=dataset.validation_source,
        counts=dict(dataset.counts),
        limit=limit,
        reading=reading,
        sha256={name: file_sha256(folder / name) for name in _FILES},
    )
    with (folder / "meta.json").open("w") as file:
        file.write(meta.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())


def _limited(split: Split, limit: int | None, where: str) -> Split:
    if limit is None or limit >= len(split):
        return split
    return split.take(limit_rows(rarest_labels(split.labels), limit, where))


def _write_table(path: Path, columns: dict[str, list[str] | npt.NDArray[np.int64]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def array(values: list[str] | npt.NDArray[np.int64]) -> pa.Array:
        if isinstance(values, list):  # large_string: a plain one ends at 2 GiB a column
            return pa.array(values, pa.large_string())
        if values.ndim == 1:
            return pa.array(values, pa.int64())
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel(), pa.uint8()), values.shape[1])

    arrays = {name: array(values) for name, values in columns.items()}
    with path.open("wb") as file:
        pq.write_table(pa.table(arrays), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
