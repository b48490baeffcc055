"""What the store knows of a trained artifact: `keys/<artifact key>.json`, written when the training has ended."""

from __future__ import annotations

from pathlib import Path

from bench.artifact import adopt, is_intact
from bench.run.job import Trained
from bench.store import Store, write_atomic


class TrainedArtifact(Trained):
    """An artifact of the store, and what its training said of itself."""

    artifact: str
    """Its content hash."""


def adopt_artifact(store: Store, artifact_key: str, folder: Path, trained: Trained) -> TrainedArtifact:
    """Move what a training has left in `folder` into the store, under its key."""
    found = TrainedArtifact(artifact=adopt(folder, store.artifacts), **dict(trained))
    write_atomic(store.keys / f"{artifact_key}.json", found.model_dump_json().encode())
    return found


def known_artifact(store: Store, artifact_key: str) -> TrainedArtifact | None:
    """The artifact of that key if it is still there, unaltered."""
    try:
        found = TrainedArtifact.model_validate_json((store.keys / f"{artifact_key}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found if is_intact(store.artifacts / found.artifact) else None
