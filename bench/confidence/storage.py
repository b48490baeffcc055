"""What was fitted for an artifact, and what it does on test; `confidence/<artifact>.json` of a store."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bench.confidence.calibration import Calibration
from bench.confidence.conformal import Conformal, Sets
from bench.confidence.selective import Selective, Threshold
from bench.durable import write_atomic
from bench.errors import BenchError, warn_skipped
from bench.schema import Interval

FOLDER = "confidence"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fitted(_Closed):
    """Fitted on validation; all that serving needs."""

    label_names: list[str]
    calibration: Calibration
    thresholds: list[Threshold]
    conformal: list[Conformal]
    weights: list[float] = Field(description="Of each label, before the most probable one is chosen.")
    metric: str = Field(description="What the weights are best for.")


class Scores(_Closed):
    """On test, with 95 % bootstrap intervals over texts."""

    log_loss: Interval
    brier: Interval
    ece: Interval


class Tested(_Closed):
    """What it does on test."""

    before: Scores
    after: Scores
    selective: list[Selective]
    sets: list[Sets]
    metric_before: float
    metric_after: float = Field(description="With the weights.")


class Confidence(_Closed):
    """Of one artifact."""

    schema_version: int = 1
    run_id: str
    dataset: str
    artifact: str
    fitted: Fitted
    tested: Tested


def put(root: Path, confidence: Confidence) -> None:
    """Store it below `root`, that of a store."""
    write_atomic(root / FOLDER / f"{confidence.artifact}.json", confidence.model_dump_json(indent=1).encode())


def publish(root: Path, run_ids: Collection[str], out: Path) -> list[Confidence]:
    """Copy those of these runs to `out`, take others away there, and return them."""
    found = [each for each in stored(root) if each.run_id in run_ids]
    for each in found:
        put(out, each)
    for path in (out / FOLDER).glob("*.json"):
        if path.stem not in {each.artifact for each in found}:
            path.unlink()
    return found


def read(path: Path) -> Confidence:
    """One file; a `BenchError` in one line where it cannot be read."""
    try:
        return Confidence.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise BenchError(f"no {path}: `python -m bench confidence RUN` makes it") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: {' '.join(str(error).split())[:200]}") from None


def stored(root: Path) -> Iterator[Confidence]:
    """All below `root`; a file that cannot be read is skipped with a warning."""
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            yield read(path)
        except BenchError as error:
            warn_skipped("file", error)
