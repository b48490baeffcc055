"""The record of a trained artifact in the store: `keys/<artifact key>.json`, written when the training has ended."""

from __future__ import annotations

from pathlib import Path

from bench.run.job import Trained
from bench.schema import Name
from bench.store import Store


class TrainedArtifact(Trained):
    """An artifact of the store, and what its training reported."""

    artifact: Name
    """Its content hash."""


def adopt_artifact(store: Store, artifact_key: str, folder: Path, trained: Trained) -> TrainedArtifact:
    """Move what a training has left in `folder` into the store, under its key; an `OSError` where it does not fit."""
    adopted = TrainedArtifact(artifact=store.adopt(folder), **dict(trained))
    store.write_record(artifact_key, adopted.model_dump_json().encode())
    return adopted


def stored_artifact(store: Store, artifact_key: str) -> TrainedArtifact | None:
    """The artifact of that key if it is still there, unaltered."""
    record = read_trained(store.record(artifact_key) or b"")
    return record if record and store.is_intact(record.artifact) else None


def read_trained(content: bytes) -> TrainedArtifact | None:
    """The record of a training; None for one that cannot be read."""
    try:
        return TrainedArtifact.model_validate_json(content)
    except ValueError:
        return None
