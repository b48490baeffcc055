"""One call of `serving stream`, from what is asked for to a summary."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.api import BenchError
from bench.store import Store
from serving.model import Model
from serving.stream.checkpoint import Checkpoint
from serving.stream.consume import Consumer, Settings
from serving.stream.outputs import is_empty, open_sink
from serving.stream.posts import keys_of
from serving.stream.reader import Reader
from serving.stream.reference import find_reference
from serving.stream.sinks import JsonLinesSink, Sink
from serving.stream.sources import Source
from serving.stream.tally import Tally
from serving.stream.watch import Watch

REMEMBER = 5_000_000
"""Ids of the latest posts that are not written again."""


@dataclass(frozen=True)
class Job:
    """What is streamed where to, and who watches."""

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
    """Whether the user asked to stop: the first signal lets everything be written, the second does not."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        # no lock may be taken here: whoever holds it is the very thread that is interrupted
        self.asked = True
        signal.signal(number, signal.default_int_handler)

    def __call__(self) -> bool:
        """Whether a signal came."""
        return self.asked


def stream(job: Job, source: Source, current: Callable[[], Model], store: Store) -> None:
    """Read, classify and write until the source ends or a signal comes; then tell what was done."""
    model = current()
    with ExitStack() as opened:
        checkpoint, sink, rejects, start = _open(job, source, model, opened)
        watch = Watch(
            f"{source.name.split()[0]} → {job.output.name}", model.labels,
            lambda model: find_reference(model, store, job.reference, job.folder), job.log_every, job.quiet,
        )  # fmt: skip
        stop = Stop()
        opened.callback(source.close)
        source.open()
        reader = Reader(source, start, job.queue)
        try:
            with watch:
                Consumer(reader, current, sink, rejects, checkpoint, job.settings, watch, stop).run()
        finally:
            reader.stop()
            print(_summary(watch.tally, source, job), file=sys.stderr)


def _open(job: Job, source: Source, model: Model, opened: ExitStack) -> tuple[Checkpoint, Sink, Sink, int]:
    """State, output, rejected lines, and the place in the source to go on from."""
    try:
        if not job.folder.is_dir() and not is_empty(job.output):
            raise _unknown(job)
        checkpoint = Checkpoint(job.folder, REMEMBER)
        opened.callback(checkpoint.close)
        if checkpoint.get("position") and is_empty(job.output):
            raise _less(job)
        sink = open_sink(job.output, job.output_kind, model.labels)
        opened.callback(sink.close)
        rejects = JsonLinesSink(job.folder / "rejects.jsonl")
        opened.callback(rejects.close)
        return checkpoint, sink, rejects, _take_up(checkpoint, sink, source, model, job)
    except (OSError, sqlite3.DatabaseError) as error:
        raise BenchError(f"{job.output}: cannot be written: {error}") from None


def _take_up(checkpoint: Checkpoint, sink: Sink, source: Source, model: Model, job: Job) -> int:
    """The place in the source to go on from; rows written since the last checkpoint are known from here on."""
    told = {"source": source.name, "labels": model.labels}
    if checkpoint.get("source") is None:
        if sink.position:
            raise _unknown(job)
        checkpoint.save(position=0, head=source.head(), **told)
    for name, value in told.items():
        if checkpoint.get(name) != value:
            raise BenchError(f"the output has {name} {checkpoint.get(name)}, not {value}: choose another --output")
    head = checkpoint.get("head")
    if head is not None and source.head(head[0]) != tuple(head):
        raise BenchError(f"{source.name} is another one than before: choose another --output")
    if sink.position < checkpoint.get("position"):
        raise _less(job)
    for row in sink.recover(checkpoint.get("position")):
        for key in keys_of(row):
            checkpoint.fresh(key)
    checkpoint.save(position=sink.position)
    return checkpoint.get("place") or 0


def _unknown(job: Job) -> BenchError:
    return BenchError(f"{job.output} holds what its folder {job.folder.name} does not know: choose another --output")


def _less(job: Job) -> BenchError:
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
