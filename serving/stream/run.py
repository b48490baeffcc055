"""One call of `serving stream`, from its options to a summary."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.api import BenchError
from bench.store import Store
from serving.collector import freeze_loaded
from serving.model import Model, need_one_label
from serving.stream.checkpoint import Checkpoint, State
from serving.stream.consume import Consumer, Settings
from serving.stream.monitor import Monitor
from serving.stream.outputs import is_empty, open_sink
from serving.stream.posts import keys_of
from serving.stream.reader import Reader
from serving.stream.reference import find_reference
from serving.stream.sinks import JsonLinesSink, Sink
from serving.stream.sources import Source
from serving.stream.tally import Tally

REMEMBER = 5_000_000
"""Ids of the latest posts that are not written again."""


@dataclass(frozen=True)
class Job:
    """What is streamed where to, and how it is shown."""

    output: Path
    """Where it really lies, links followed."""
    output_kind: str
    reference: Path | None
    queue: int
    log_every: float
    quiet: bool
    settings: Settings

    @property
    def folder(self) -> Path:
        """Where the state of the output lies."""
        return self.output.with_name(self.output.name + ".state")


class Stop:
    """Whether a signal came: after the first everything is written, the second ends the process at once."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request)

    def _request(self, number: int, frame: object) -> None:
        # no lock may be taken here: whoever holds it is the very thread that is interrupted
        self.requested = True
        signal.signal(number, signal.default_int_handler)

    def __call__(self) -> bool:
        """Whether a signal came."""
        return self.requested


def stream(job: Job, source: Source, current: Callable[[], Model], store: Store) -> None:
    """Read, classify and write until the source ends or a signal comes; then print a summary."""
    model = current()
    need_one_label(model.card, "serving stream")
    with ExitStack() as opened:
        checkpoint, sink, rejects, start = _open(job, source, model, opened)
        monitor = Monitor(
            f"{source.name.split()[0]} → {job.output.name}", model.labels,
            lambda model: find_reference(model, store, job.reference, job.folder), job.log_every, job.quiet,
        )  # fmt: skip
        stop = Stop()
        opened.callback(source.close)
        freeze_loaded()
        source.open()
        reader = Reader(source, start, job.queue)
        try:
            with monitor:
                Consumer(reader, current, sink, rejects, checkpoint, job.settings, monitor, stop).run()
        finally:
            reader.stop()
            print(_summary(monitor.tally, source, job), file=sys.stderr)


def _open(job: Job, source: Source, model: Model, opened: ExitStack) -> tuple[Checkpoint, Sink, Sink, int]:
    """State, output, rejected lines, and the place in the source to go on from."""
    try:
        if not job.folder.is_dir() and not is_empty(job.output):
            raise _unknown(job)
        checkpoint = Checkpoint(job.folder, REMEMBER)
        opened.callback(checkpoint.close)
        if checkpoint.state is not None and checkpoint.state.position and is_empty(job.output):
            raise _shorter(job)
        sink = open_sink(job.output, job.output_kind, model.labels)
        opened.callback(sink.close)
        rejects = JsonLinesSink(job.folder / "rejects.jsonl")
        opened.callback(rejects.close)
        return checkpoint, sink, rejects, _resume(checkpoint, sink, source, model, job)
    except (OSError, sqlite3.DatabaseError) as error:
        raise BenchError(f"{job.output}: cannot be written: {error}") from None


def _resume(checkpoint: Checkpoint, sink: Sink, source: Source, model: Model, job: Job) -> int:
    """The place in the source to go on from; ids of rows written since the last checkpoint are recorded."""
    state = checkpoint.state
    if state is None:
        if sink.position:
            raise _unknown(job)
        state = State(source.name, model.labels, 0, source.head())
    for name, stored, value in (("source", state.source, source.name), ("labels", state.labels, model.labels)):
        if stored != value:
            raise BenchError(f"the output has {name} {stored}, not {value}: choose another --output")
    if state.head is not None and source.head(state.head[0]) != state.head:
        raise BenchError(f"{source.name} is another one than before: choose another --output")
    if sink.position < state.position:
        raise _shorter(job)
    for row in sink.recover(state.position):
        for key in keys_of(row):
            checkpoint.is_new(key)
    checkpoint.save(replace(state, position=sink.position))
    return state.place or 0


def _unknown(job: Job) -> BenchError:
    return BenchError(f"{job.output} holds what its folder {job.folder.name} does not know: choose another --output")


def _shorter(job: Job) -> BenchError:
    return BenchError(
        f"{job.output} holds less than was written there: it was deleted, cut or replaced. Put it back, or move it and "
        f"{job.folder.name} away to start over"
    )


def _summary(tally: Tally, source: Source, job: Job) -> str:
    seconds = max(time.monotonic() - tally.started, 1e-9)
    bad = f" (kept in {job.folder / 'rejects.jsonl'})" if tally.malformed else ""
    return (
        f"{tally.written:,} posts → {job.output}, {tally.posts / seconds:,.0f} a second; {tally.duplicates:,} "
        f"duplicates, {tally.notices:,} notices, {tally.malformed:,} malformed{bad}; "
        f"{source.reconnections} reconnections"
    )
