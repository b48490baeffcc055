"""Where evaluations lie: `robustness/<run_id>.json` of a store, and of a published folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from bench.durable import write_atomic
from bench.errors import BenchError, warn_skipped
from bench.robustness.evaluation import Robustness

FOLDER = "robustness"


def put(root: Path, found: Robustness) -> None:
    """Store one below `root`, that of a store."""
    write_atomic(root / FOLDER / f"{found.run_id}.json", found.model_dump_json(indent=1).encode())


def stored(root: Path) -> Iterator[Robustness]:
    """All below `root`; a file that cannot be read is skipped with a warning."""
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            yield Robustness.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            warn_skipped("file", BenchError(f"{path}: {error}"))


def publish(root: Path, run_ids: Collection[str], out: Path) -> list[Robustness]:
    """Copy those of these runs to `out`, take others away there, and return them."""
    found = [each for each in stored(root) if each.run_id in run_ids]
    for each in found:
        put(out, each)
    for path in (out / FOLDER).glob("*.json"):
        if path.stem not in {each.run_id for each in found}:
            path.unlink()
    return found
