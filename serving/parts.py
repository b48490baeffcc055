"""The parts of a file that is being scored, in a folder beside it: of one writer, kept through kills, then joined."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.api import BenchError
from bench.output import refuse_existing, replacing
from serving.scored import join

PLAN, WHOLE, LOCK, WRITER = "plan.json", "whole", "lock", "writer"
OURS = re.compile(r"plan\.json|whole|lock|writer|\d{8}\.part|\.(plan\.json|\d{8}\.part)\..*")
"""Every name that can be in the folder."""


@dataclass(frozen=True)
class Plan:
    """What must be the same for parts to be used again, as `plan.json` has it."""

    artifact: str
    """The hash of the model."""
    kind: str
    """The format of the output."""
    part: int
    """Records of each part."""
    read: str
    """How the input is read."""
    source: tuple[str, int, int] | None
    """Path, size in bytes and time of change of the input; None where it cannot be read a second time."""
    format: str | None
    """Of the input, where an option gives it."""
    answering: str = ""
    """What is asked for beyond label and probabilities."""
    version: int = 3
    """Of the parts."""


class Parts:
    """`<output>.parts`, held by this process."""

    def __init__(self, folder: Path, target: Path) -> None:
        self._folder, self._target = folder, target

    def __len__(self) -> int:
        return len(self._paths())

    def begin(self, plan: Plan, overwrite: bool) -> int:
        """How many whole parts an earlier call with the same `plan` has left; another job's are removed.

        Without a `source` in the plan nothing is used again. Raises `BenchError` where the target is there and
        may not be replaced: it may where `overwrite` is true, or where that earlier call has put it there.
        """
        stored = _plan_in(self._folder)
        fields = json.loads(json.dumps(asdict(plan)))  # as JSON has them
        same = plan.source is not None and {name: stored.get(name) for name in fields} == fields
        refuse_existing(self._target, overwrite or (same and self._is_put()))
        if same:
            # the last one may be short where the file ended: it is cheap to score again
            return max(len(self) - 1, 0)
        self.remove()
        self._write(PLAN, json.dumps(fields).encode())
        return 0

    def put(self, number: int, content: bytes) -> None:
        """Store a part."""
        self._write(f"{number:08}.part", content)

    def finish(self, kind: str, overwrite: bool) -> bool:
        """Join the parts into the target and remove them; False where there are none."""
        paths = self._paths()
        if paths:
            with replacing(self._target, self._folder / WHOLE) as whole:
                join(paths, kind, whole)
                whole.flush()
                refuse_existing(self._target, overwrite or self._is_put())  # it may have come meanwhile
                # before the target is there: should a kill follow, it is recognized as this job's own
                plan = _plan_in(self._folder) | {WHOLE: _identity(os.fstat(whole.fileno()))}
                self._write(PLAN, json.dumps(plan).encode())
        self.remove()
        return bool(paths)

    def remove(self) -> None:
        """All that a job has left."""
        for path in [*self._paths(), self._folder / WHOLE, self._folder / PLAN]:
            path.unlink(missing_ok=True)
        for path in self._folder.glob(".*"):
            path.unlink()

    def _is_put(self) -> bool:
        """Whether the target is what a call of this job has put there, before it was killed."""
        return self._target.exists() and _plan_in(self._folder).get(WHOLE) == _identity(self._target.stat())

    def _write(self, name: str, content: bytes) -> None:
        with replacing(self._folder / name) as new:
            new.write(content)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.part"))


@contextmanager
def parts_of(target: Path) -> Iterator[Parts]:
    """The parts of a target, for one process at a time.

    Raises `BenchError` where another one writes it, and where `<target>.parts` is something of the user's.
    """
    from filelock import FileLock, Timeout

    folder = target.with_name(target.name + ".parts")
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and _is_ours(folder))):
        raise BenchError(f"{folder} is there and holds no scored parts: move it away, or choose another --output")
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = lock.acquire(blocking=False)
    except Timeout:  # which is an OSError too
        writer = (folder / WRITER).read_text() if (folder / WRITER).is_file() else "unknown"
        raise BenchError(
            f"{target} is being written by process {writer}: wait for it, or choose another --output"
        ) from None
    except OSError as error:
        raise BenchError(f"{target}: cannot be written: {error.strerror}; choose another --output") from None
    with held:
        parts = Parts(folder, target)
        try:
            (folder / WRITER).write_text(str(os.getpid()))
            yield parts
        except OSError as error:
            hint = f"what was scored is kept in {folder}, and the same command goes on from there"
            raise BenchError(f"{target}: cannot be written: {error.strerror}; {hint}") from None
        finally:
            with suppress(OSError):  # another one may be about to begin
                if not parts:  # nothing to go on with
                    parts.remove()
                    (folder / WRITER).unlink(missing_ok=True)
                    (folder / LOCK).unlink()
                    folder.rmdir()


def _identity(file: os.stat_result) -> list[int]:
    return [file.st_ino, file.st_mtime_ns]


def _plan_in(folder: Path) -> dict[str, Any]:
    try:
        value = json.loads((folder / PLAN).read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_ours(folder: Path) -> bool:
    """Whether all in it has a name of ours, and what is kept has its plan."""
    names = {path.name for path in folder.iterdir()}
    begun = any(name == PLAN or name.endswith(".part") for name in names)
    return all(map(OURS.fullmatch, names)) and (not begun or "artifact" in _plan_in(folder))
