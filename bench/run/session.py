"""The measuring session and its journal: what is done of it, so that one that was cut off goes on, or is given up."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bench.durable import write_atomic
from bench.git import git_state
from bench.machine import boot_id, machine_id
from bench.measure.samples import RoundSamples
from bench.measure.schedule import Schedule
from bench.run.keys import digest
from bench.run.launcher import Ended
from bench.schema import Gap, Session, Status


@dataclass(frozen=True)
class Contestant:
    """An artifact that is timed."""

    name: str
    """Unique among those timed together, and the name of a folder."""
    artifact: Path | None
    """None is the reference workload."""


@dataclass(frozen=True)
class Block:
    """Contestants that are timed in turn, on the texts of one data set."""

    dataset: str
    texts: Sequence[str]
    n_labels: int
    schedule: Schedule
    contestants: tuple[Contestant, ...]

    @property
    def key(self) -> str:
        """Of all that must be the same for its rounds to be joined."""
        artifacts = {c.name: c.artifact.name if c.artifact else None for c in self.contestants}
        return digest([self.dataset, digest(list(self.texts)), self.n_labels, vars(self.schedule), artifacts])


@dataclass
class Timed:
    """What the rounds of one contestant gave: all of them, or how it failed."""

    rounds: list[RoundSamples]
    failed: Ended[None] | None = None


class Failure(BaseModel):
    """How a contestant failed; it takes no part in later rounds."""

    status: Status
    reason: str | None
    log_tail: str | None


class _Record(BaseModel):
    """The journal's `session.json`, written after every whole round."""

    model_config = ConfigDict(extra="forbid")

    session: Session
    machine: str
    blocks: list[str]
    done: list[str] = []
    whole: int = 0
    """Rounds of the first block that is not done which every contestant has run to the end."""
    failed: dict[str, Failure] = {}
    """Contestants of that block by name."""


class Journal:
    """The folder of one session at a time: `session.json`, and the samples of the block that is under way.

    A round that was cut off in its middle is measured again, whole, so that its contestants stay neighbours in time.
    """

    def __init__(self, folder: Path, record: _Record) -> None:
        self.folder = folder
        self._record = record

    @property
    def session(self) -> Session:
        """As it stands: a gap more each time that it went on."""
        return self._record.session

    @property
    def whole(self) -> int:
        """Rounds of the block under way that need not be run again."""
        return self._record.whole

    @property
    def failed(self) -> dict[str, Failure]:
        """Of the block under way."""
        return self._record.failed

    def is_done(self, block: Block) -> bool:
        """Whether its times are stored."""
        return block.key in self._record.done

    def place(self, number: int, threads: int, contestant: Contestant) -> Path:
        """The folder of one round of one contestant."""
        return self.folder / str(number) / f"{threads}-{contestant.name}"

    def start_round(self, number: int) -> None:
        """Without what a cut-off attempt at it has left."""
        shutil.rmtree(self.folder / str(number), ignore_errors=True)

    def end_round(self, number: int) -> None:
        """It is whole."""
        self._record.whole = number + 1
        self._write()

    def fail(self, contestant: Contestant, ended: Ended[Any]) -> None:
        """Remember how a contestant failed."""
        self._record.failed[contestant.name] = Failure(
            status=ended.status, reason=ended.reason, log_tail=ended.log_tail
        )
        self._write()

    def end_block(self, block: Block) -> None:
        """Its times are stored."""
        self._record.done.append(block.key)
        self._record.whole, self._record.failed = 0, {}
        self._write()
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """The session has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self) -> None:
        write_atomic(self.folder / "session.json", self._record.model_dump_json().encode())

    def go_on(self, seconds: float) -> None:
        """After a stop of that long, which the session remembers."""
        gap = Gap(before_round=self._record.whole, seconds=round(seconds, 1))
        self._record.session = self.session.model_copy(update={"gaps": [*self.session.gaps, gap]})
        self._write()


def open_journal(folder: Path, blocks: Sequence[Block], note: Callable[[str], None]) -> Journal:
    """That of the session that was cut off while it timed these blocks, else of a new one; `note` is told which.

    A session goes on only in the boot, on the machine and with the software in which it began, and with the contestants
    it had: anything else would be another session.
    """
    keys = [block.key for block in blocks]
    session = _new_session()
    record = _read(folder)
    if record is not None and (why := _changed(record, session, keys)) is None:
        journal = Journal(folder, record)
        seconds = max(0.0, time.time() - (folder / "session.json").stat().st_mtime)
        journal.go_on(seconds)
        note(f"Session {record.session.id} goes on after a gap of {seconds / 60:.0f} min; {_progress(record, keys)}.")
        return journal
    if record is not None and not set(record.blocks) <= set(record.done):
        note(f"Session {record.session.id} was cut off and is not continued: {why}; a new one begins.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    journal = Journal(folder, _Record(session=session, machine=machine_id(), blocks=keys))
    journal._write()
    return journal


def _progress(record: _Record, keys: Sequence[str]) -> str:
    done = sum(key in record.done for key in keys)
    boards = f"{done} of {len(keys)} data sets are done, " if len(keys) > 1 else ""
    return f"{boards}{record.whole} whole round{'' if record.whole == 1 else 's'} of the one under way stay"


def _changed(record: _Record, now: Session, keys: Sequence[str]) -> str | None:
    """Why a session cannot go on; None where it can."""
    before = record.session
    if before.boot_id != now.boot_id or before.boot_id is None:
        return "the machine was started again since"
    if (record.machine, before.kernel) != (machine_id(), now.kernel):
        return "the machine is another one, or has other cores or memory"
    if before.software != now.software:
        return "packages or code have changed"
    if not set(keys) <= set(record.blocks):
        return "it timed other artifacts"
    if set(keys) <= set(record.done):
        return "all that is asked for was done in it"
    return None


def _read(folder: Path) -> _Record | None:
    try:
        return _Record.model_validate_json((folder / "session.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _new_session() -> Session:
    now = datetime.now(UTC)
    return Session(
        id=f"{now.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(3)}",
        started_at=now.isoformat(timespec="seconds"),
        boot_id=boot_id(),
        kernel=platform.release(),
        software=_software(),
    )


@functools.cache
def _software() -> str:
    """Twelve hex digits of what may change times without changing the machine."""
    packages = sorted((d.name, d.version) for d in importlib.metadata.distributions())
    return digest([platform.python_version(), packages, *git_state()])[:12]
