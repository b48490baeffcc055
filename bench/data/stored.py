"""The data of a stored run, found again by their content: nobody is asked for a path and columns twice."""

from __future__ import annotations

from pathlib import Path

from bench.data.manifest import dataset_names
from bench.data.prepared import find_content
from bench.data.ref import DatasetRef
from bench.errors import DataError


def stored_ref(
    name: str, train_hash: str | None, test_hash: str | None, folder: Path, data_dir: Path | None
) -> DatasetRef:
    """A set of the manifest by its name; a user's file as it lies below `folder`, a store's prepared data.

    A `DataError` where the store has it no more.
    """
    if name in dataset_names():
        return DatasetRef(name, data_dir=data_dir)
    found = find_content(folder, test_hash, train_hash) if test_hash else None
    if found is None:
        raise DataError(f"the rows of your file {name} are not in {folder} any more: give the file with -d again")
    return DatasetRef(name, data_dir=data_dir, prepared=found.folder.name)
