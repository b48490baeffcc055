"""What is wrong in a store, and how it is put aside: every command skips such things, and nothing is ever deleted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.artifact import is_intact
from bench.clock import order_in_time
from bench.data.prepared import whole_or_why
from bench.durable import temporaries
from bench.errors import BenchError, StoreError, StoreInUseError, one_line
from bench.run.trained import read_trained
from bench.search.summary import read_summary
from bench.store import Store

HOUR = 3600.0
"""Seconds after which nobody is still writing a file in folders that need no lock."""

Watch = Callable[[Iterable[Path]], Iterable[Path]]


@dataclass(frozen=True)
class Finding:
    """A file or folder that is not as it should be."""

    path: Path
    """Relative to the store."""
    what: str

    def __str__(self) -> str:
        return f"{one_line(self.path)}: {self.what}"


def findings(store: Store, watch: Watch = iter) -> list[Finding]:
    """All of a store; while a command writes to it, what that one has half done is left out.

    `watch` wraps the artifacts, which are hashed, for a progress bar.
    """
    if not store.root.is_dir():
        return []
    return sorted(_Examination(store, watch, _is_busy(store)).found(), key=lambda finding: finding.path)


def put_aside(store: Store, watch: Watch = iter) -> tuple[list[Finding], Path]:
    """Move all findings to `aside/<time>/`, each to its own path below it; what was moved, and where."""
    target = store.aside / datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    with store.lock():
        found = sorted(_Examination(store, watch, busy=False).found(), key=lambda finding: finding.path)
        for path in dict.fromkeys(finding.path for finding in found):
            try:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(store.root / path, target / path)
            except OSError as error:
                raise StoreError(f"cannot move {store.root / path} to {target}: {one_line(error)}") from error
    return found, target


def _is_busy(store: Store) -> bool:
    try:
        with store.lock():
            return False
    except StoreInUseError:
        return True
    except StoreError:  # a store that cannot be written: nobody writes to it
        return False


class _Examination:
    """One look at a store; the results are read once, as the other folders are judged by them."""

    def __init__(self, store: Store, watch: Watch, busy: bool) -> None:
        self.store, self.watch, self.busy = store, watch, busy
        self.named: set[str] = set()
        """Artifacts that a result or a key names, or the beginnings of their hashes."""

    def found(self) -> Iterator[Finding]:
        """Every finding; one of what lies in another is left out."""
        moved: set[Path] = set()
        for look in (self._results, self._keys, self._artifacts, self._others, self._half_done):
            for path, what in look():
                relative = path.relative_to(self.store.root)
                if not moved & {relative, *relative.parents}:
                    moved.add(relative)
                    yield Finding(relative, what)

    def _results(self) -> Iterator[tuple[Path, str]]:
        for folder in _visible(self.store.results):
            if not folder.is_dir():
                yield folder, "no folder of a run"
            elif (folder / "result.json").exists():
                yield from self._result(folder)
            elif not self.busy:
                yield folder, "unfinished: it has no result.json; the same command would complete it"

    def _result(self, folder: Path) -> Iterator[tuple[Path, str]]:
        try:
            result = self.store.read(folder.name)
        except BenchError as error:
            yield folder, str(error).removeprefix(f"{folder / 'result.json'}: ")
            return
        self.named.add(result.identity.artifact or "")
        self.named.update(result.identity.key_parts.get("parent", "").split())
        if not order_in_time(result.outcome.started_at):
            yield folder, f"dated {result.outcome.started_at}, in the future: it supersedes nothing; run it again"
        for name, why in self.store.damaged(result).items():
            yield folder, f"{name}.npz: " + str(why).removeprefix(f"{folder / name}.npz: ")

    def _keys(self) -> Iterator[tuple[Path, str]]:
        for path in _visible(self.store.keys):
            record = read_trained(path.read_bytes() if path.is_file() else b"")
            if record is None:
                yield path, "no record of a training"
            elif not (self.store.artifacts / record.artifact).is_dir():
                yield path, f"its artifact {record.artifact[:12]}… is not in the store"
            else:
                self.named.add(record.artifact)

    def _artifacts(self) -> Iterator[tuple[Path, str]]:
        self.named.discard("")
        for folder in self.watch(_visible(self.store.artifacts)):
            if not is_intact(folder):
                yield folder, "altered: its content has another hash than its name; the same command trains it again"
            elif not self.busy and not any(folder.name.startswith(name) for name in self.named):
                yield folder, "no run and no key names it"

    def _others(self) -> Iterator[tuple[Path, str]]:
        for folder in _visible(self.store.prepared):
            if isinstance(why := whole_or_why(folder), str):
                yield folder, f"prepared data: {why}"
        for path in sorted(self.store.searches.glob("*.json")):
            try:
                read_summary(path)
            except BenchError as error:
                yield path, one_line(error).removeprefix(f"{path}").removeprefix(": ").strip()
        for folder in (self.store.searches, self.store.auto, self.store.cache, *self.store.cache.glob("*/")):
            for path in temporaries(folder):
                if path.stat().st_mtime < time.time() - HOUR:
                    yield path, "temporary, of a write that was killed"

    def _half_done(self) -> Iterator[tuple[Path, str]]:
        """What only the one command that writes to the store may have."""
        if self.busy:
            return
        if self.store.work.is_dir() and any(self.store.work.iterdir()):
            yield self.store.work, "left by a command that was killed"
        for folder in _visible(self.store.checkpoints):
            if (self.store.keys / f"{folder.name}.json").exists():
                yield folder, "checkpoint of a training that has ended"
        for folder in (self.store.results, self.store.artifacts, self.store.keys, *_visible(self.store.results)):
            for path in temporaries(folder):
                yield path, "temporary, of a write that was killed"


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []
