"""What is found of runs besides their results, one JSON file each below a folder of a store and of a report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from bench.durable import write_atomic
from bench.errors import BenchError, warn_skipped


class Evaluation(BaseModel):
    """Of one run."""

    model_config = ConfigDict(extra="forbid")
    schema_version: int = 1
    run_id: str
    dataset: str


Found = TypeVar("Found", bound=Evaluation)


def _run_id(found: Evaluation) -> str:
    return found.run_id


@dataclass(frozen=True)
class Evaluations(Generic[Found]):
    """All evaluations of one kind."""

    folder: str
    kind: type[Found]
    command: str
    """What makes one: `python -m bench …`."""
    name: Callable[[Found], str] = _run_id
    """Of the file that one lies in, without its ending."""

    def put(self, root: Path, found: Found) -> None:
        """Store one below `root`, that of a store."""
        write_atomic(root / self.folder / f"{self.name(found)}.json", found.model_dump_json(indent=1).encode())

    def read(self, path: Path) -> Found:
        """One file; a `BenchError` in one line where it cannot be read."""
        try:
            return self.kind.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise BenchError(f"no {path}: `{self.command}` makes it") from None
        except (OSError, ValueError) as error:
            raise BenchError(f"{path}: {' '.join(str(error).split())[:200]}") from None

    def stored(self, root: Path) -> Iterator[Found]:
        """All below `root`; a file that cannot be read is skipped with a warning."""
        for path in sorted((root / self.folder).glob("*.json")):
            try:
                yield self.read(path)
            except BenchError as error:
                warn_skipped("file", error)

    def publish(self, root: Path, run_ids: Collection[str], out: Path) -> None:
        """Copy those of these runs to `out`, and take others away there."""
        found = [each for each in self.stored(root) if each.run_id in run_ids]
        for each in found:
            self.put(out, each)
        for path in (out / self.folder).glob("*.json"):
            if path.stem not in {self.name(each) for each in found}:
                path.unlink()
