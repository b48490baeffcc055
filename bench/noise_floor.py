"""Noise floors of a store: by how much one artifact that was timed against itself differed, machine by machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bench.durable import write_atomic
from bench.errors import BenchError, StoreError, warn_skipped
from bench.schema import Session

FILE = "noise-floors.json"


class NoiseFloor(BaseModel):
    """Two contestants of one artifact in one session, at one thread setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    machine: str
    protocol: str
    threads: int
    session: Session
    run_id: str
    artifact: str
    rounds_p50_ms: tuple[list[float], list[float]]
    """Of both, in the order of the rounds; as the next."""
    rounds_texts_per_s: tuple[list[float], list[float]]
    p50_floor: float
    """The share of a p50 under which no difference is one; as the next."""
    throughput_floor: float
    other_load: float | None
    """Most cores that others kept busy in a round; None where no round knows."""


_NoiseFloors = TypeAdapter(list[NoiseFloor])


def read_noise_floors(root: Path) -> list[NoiseFloor]:
    """Those of a store or of a published folder, oldest first; none, with a warning, where they cannot be read."""
    try:
        return _NoiseFloors.validate_json((root / FILE).read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError):
        warn_skipped("file", BenchError(f"{root / FILE}: no noise floors of this software"))
        return []


def write_noise_floors(root: Path, floors: Iterable[NoiseFloor]) -> None:
    """Replace those of a store; a `StoreError` where they do not fit."""
    try:
        write_atomic(root / FILE, _NoiseFloors.dump_json(list(floors), indent=1))
    except OSError as error:
        raise StoreError(
            f"cannot write {root / FILE}: {error.strerror}; free space or choose another --store"
        ) from error
