"""A slot: the versions of a served artifact, a pointer to the one that answers, and the way back.

Layout: `versions/<content hash>/` are artifacts, `current` holds the hash of the one that is served and is replaced
whole, `history.jsonl` records when it pointed where and why; `python -m serving learn` adds its own journal.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from bench.api import BenchError, Card, did_you_mean, read_card
from bench.artifact import adopt
from bench.durable import write_atomic
from serving.lines import append_line, read_lines
from serving.model import find_artifact, open_folder
from serving.trust import Trust

VERSION = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Move:
    """One move of the pointer, as a line of `history.jsonl`."""

    time: str
    """ISO 8601, UTC."""
    version: str
    why: Literal["create", "learn", "rollback"]


class Slot:
    """A folder of versions; every change of the pointer is safe against a second process and against a kill."""

    def __init__(self, root: Path) -> None:
        self.root, self.versions, self.pointer = root, root / "versions", root / "current"
        self._history = root / "history.jsonl"

    @classmethod
    def open(cls, root: Path) -> Slot:
        """The slot in a folder; a `BenchError` where there is none."""
        if not is_slot(root):
            raise BenchError(f"no slot in {root}: make one with `python -m serving slot create {root} RUN`")
        return cls(root)

    @classmethod
    def create(cls, root: Path, artifact: str, trust: Trust) -> str:
        """A new slot that serves a copy of an artifact (run, hash or path), which is loaded once to see that it can.

        In a slot that is there the artifact becomes its next version. Returns the version.
        """
        folder, expected = find_artifact(artifact, trust.store)
        open_folder(folder, expected, trust)
        slot = cls(root)
        if not is_slot(root) and root.exists() and any(root.iterdir()):
            raise BenchError(f"{root} exists and is no slot; choose another folder")
        slot.versions.mkdir(parents=True, exist_ok=True)
        copy = Path(tempfile.mkdtemp(dir=root, prefix=".new-"))
        try:
            version = slot.add(Path(shutil.copytree(folder, copy / "artifact", symlinks=True)))
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        slot.point(version, "create")
        return version

    @contextmanager
    def learning(self) -> Iterator[Path]:
        """A folder, yet to be made, for the one version in the making; a second process that wants one is refused."""
        folder = self.root / ".learning"
        lock = FileLock(self.root / ".learner", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BenchError(f"another process learns for slot {self.root} already: wait for it") from None
        try:
            shutil.rmtree(folder, ignore_errors=True)  # what a killed one has left
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def add(self, artifact: Path) -> str:
        """Move a finished artifact within the slot in, not yet served, and return its hash; labels must stay."""
        if self.pointer.is_file():
            ours, theirs = self.card(self.current())["label_names"], read_card(artifact)["label_names"]
            if ours != theirs:
                raise BenchError(f"the new version's labels are {', '.join(theirs)}; the slot's are {', '.join(ours)}")
        return adopt(artifact, self.versions)

    def current(self) -> str:
        """The hash of the version that is to be served."""
        try:
            version = self.pointer.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            version = ""
        if not VERSION.fullmatch(version):
            raise BenchError(f"slot {self.root} has no readable pointer {self.pointer}: roll back to a version")
        return version

    def folder(self, version: str) -> Path:
        """Where a version lies: nothing but a hash names one, so that no name leads out of the slot."""
        if not VERSION.fullmatch(version):
            raise BenchError(f"slot {self.root}: '{version}' is no version's hash; `slot list` shows them")
        return self.versions / version

    def card(self, version: str) -> Card:
        """The card of a version."""
        return read_card(self.folder(version))

    def find(self, name: str) -> str:
        """The version whose hash begins with `name`; a `BenchError` with the nearest right one."""
        versions = sorted(path.name for path in self.versions.iterdir() if not path.name.startswith("."))
        matches = [version for version in versions if name and version.startswith(name)]
        if len(matches) != 1:
            near = did_you_mean(name, [version[:12] for version in versions])
            raise BenchError(f"no single version '{name}': {near}")
        return matches[0]

    def point(self, version: str, why: Literal["create", "learn", "rollback"], instead_of: str | None = None) -> bool:
        """Serve a version from now on; False where the pointer is no longer at `instead_of`."""
        with FileLock(self.root / ".lock"):
            if instead_of is not None and self.current() != instead_of:
                return False
            append_line(self._history, Move(datetime.now(UTC).isoformat(timespec="milliseconds"), version, why))
            write_atomic(self.pointer, f"{version}\n".encode())
            return True

    def history(self) -> list[Move]:
        """Every move, the first one first."""
        return list(read_lines(self._history, Move))

    def roll_back(self, trust: Trust, name: str | None = None) -> str:
        """Serve the version `name`, else the one from which the current came; verified before. Returns it."""
        version = self.find(name) if name else self._earlier()
        open_folder(self.folder(version), version, trust)
        self.point(version, "rollback")
        return version

    def chosen(self) -> str:
        """The version that a person last put there, by `create` or `rollback`."""
        manual = [move.version for move in self.history() if move.why != "learn"]
        return manual[-1] if manual else self.current()

    def _earlier(self) -> str:
        standing: list[str] = []
        for move in self.history():
            if move.version in standing:  # back to it: what came after no longer stands
                del standing[standing.index(move.version) + 1 :]
            else:
                standing.append(move.version)
        if len(standing) < 2:
            raise BenchError(f"slot {self.root} has no earlier version; name one: `slot list` shows them")
        return standing[-2]


def is_slot(folder: Path) -> bool:
    """Whether a folder is a slot."""
    return (folder / "versions").is_dir()


def origin(slot: Slot, version: str) -> list[str]:
    """A version and those that it was learnt from, the newest first, by their cards."""
    ancestors: list[str] = []
    at: Any = version
    while isinstance(at, str) and VERSION.fullmatch(at) and at not in ancestors and slot.folder(at).is_dir():
        ancestors.append(at)
        at = slot.card(at).get("learnt_from")
    return ancestors
