"""Reads each data set of a plan once, in a worker, so that the parent stays small."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from bench.data import DatasetRef, Prepared, find_prepared, stored_ref
from bench.data.manifest import metric_of
from bench.errors import DataError
from bench.metrics import Metric
from bench.run.job import PrepareJob
from bench.run.launcher import launch
from bench.schema import Data
from bench.store import Store

TIMEOUT = 3600.0


def dataset_of(data: Data, store: Store, data_dir: Path | None = None) -> DatasetRef:
    """The data set of a stored run; a user's file as it was read then, wherever it lies now."""
    return stored_ref(data.dataset, data.train_hash, data.split_hash, store.prepared, data_dir)


def data_facts(prepared: Prepared, normalization: str) -> Data:
    """What a result says of the data; `normalization` is that of the model's texts."""
    meta = prepared.meta
    return Data(
        dataset=prepared.name, revision=prepared.revision,
        split_hash=prepared.test_hash, train_hash=prepared.train_hash,
        n_train=meta.n_train, n_validation=meta.n_validation, n_test=meta.n_test,
        label_names=list(prepared.label_names), normalization=normalization,
        limit=meta.limit, notes=list(meta.notes),
    )  # fmt: skip


def prepared_dataset(ref: DatasetRef, store: Store, limit: int | None = None, work: Path | None = None) -> Prepared:
    """The data set as the workers read it, from the store or made now; a `DataError` where it cannot be.

    `work` is a folder of the caller's own, for one that does not hold the store's lock.
    """
    ready = find_prepared(ref, store.prepared, limit)
    if ready is not None and ref.prepared is not None and ready.meta.limit != limit:
        raise DataError(f"the run was made of {ready.meta.limit or 'all'} rows of {ref.name}: give the file with -d")
    if ready is not None:
        return ready
    if ref.prepared is not None:
        raise DataError(f"prepared data {ref.prepared} are damaged or gone: give the file {ref.name} with -d again")
    folder = (work or store.work) / f"prepare-{socket.gethostname()}-{os.getpid()}"
    job = PrepareJob(dataset=ref.name, reading=ref.reading, data_dir=ref.data_dir, prepared=store.prepared, limit=limit)
    ended = launch(job, folder, TIMEOUT)
    shutil.rmtree(folder, ignore_errors=True)
    if ended.status != "ok":
        raise DataError(ended.reason or f"data set '{ref.name}' could not be read")
    made = find_prepared(ref, store.prepared, limit)
    if made is None:
        raise DataError(f"data set '{ref.name}' changed while it was read; run the command again")
    return made


def metric_to_run(ref: DatasetRef, store: Store, limit: int | None = None) -> Metric:
    """The metric that decides on a data set; a user's file, whose rows say it, is prepared now, and so read once."""
    if ref.path is None and ref.prepared is None:
        return metric_of(ref.name)
    with store.writing():
        prepared = prepared_dataset(ref, store, limit)
    return metric_of(prepared.name, prepared.meta.notes)


def prepare_all(
    refs: Iterable[DatasetRef], optional: set[str], store: Store, limit: int | None
) -> tuple[dict[str, Prepared], list[str]]:
    """The data sets by name, and a line for each optional one that was left out."""
    prepared: dict[str, Prepared] = {}
    left_out: list[str] = []
    for ref in refs:
        try:
            prepared[ref.name] = prepared_dataset(ref, store, limit)
        except DataError as error:
            if ref.name not in optional:
                raise
            left_out.append(f"{ref.name} is optional and was left out: {error}")
    return prepared, left_out
