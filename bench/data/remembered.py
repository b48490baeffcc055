"""A user's file that was read before needs its options no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.data.prepared import Prepared
from bench.data.reading import AS_FOUND, Reading
from bench.data.ref import DatasetRef
from bench.data.user_file import files_revision, split_files, told_by
from bench.errors import DataError


def as_before(ref: DatasetRef, prepared: Path) -> DatasetRef:
    """`ref`; where nothing was chosen and its file cannot be read so, or not without a guess which columns are meant,
    with what was chosen for the same content before.

    `prepared` is the folder of a store's prepared data sets, which remember their reading. Two files of train and test
    are not remembered: a store keeps no paths.
    """
    if ref.path is None or ref.reading != AS_FOUND or not ref.path.exists():
        return ref
    readings = list(_readings(ref.path, prepared))
    if not readings:
        return ref
    try:
        found = told_by(ref.path, AS_FOUND).reading
    except DataError:
        return replace(ref, reading=readings[0])
    return ref if found in (AS_FOUND, readings[0]) else replace(ref, reading=readings[0])


def _readings(path: Path, prepared: Path) -> Iterator[Reading]:
    """Of the same name and content, the newest first."""
    folders = sorted(prepared.glob(f"{path.name}-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    revision = files_revision(split_files(path, AS_FOUND)) if folders else ""
    for folder in folders:
        try:
            meta = Prepared.open(folder).meta
        except DataError:
            continue
        if meta.revision == revision and meta.reading is not None and meta.reading != AS_FOUND:
            yield meta.reading
