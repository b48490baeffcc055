"""The loop: lines in, micro-batches through the model, rows out, then the checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.api import BenchError
from serving.model import Model
from serving.records import Record, printable
from serving.scored import Row, Scores, scored_rows
from serving.stream.checkpoint import Checkpoint
from serving.stream.disk import Retry
from serving.stream.lines import Line
from serving.stream.monitor import Monitor, log
from serving.stream.posts import Malformed, Message, Notice, Post, keys_of, parse
from serving.stream.reader import Reader
from serving.stream.sinks import Sink, columns
from serving.stream.tally import Tally


@dataclass(frozen=True)
class Settings:
    """How posts are gathered."""

    max_batch: int = 256
    """Posts that go through the model at once."""
    max_wait_ms: float = 100.0
    """How long a batch waits for more posts."""
    flush_s: float | None = None
    """How long rows wait in memory before they are written; None: what the output needs."""
    column: str = "text"


class Consumer:
    """Takes lines until the source ends or `stopped` is true, and leaves everything written."""

    def __init__(
        self, reader: Reader, current: Callable[[], Model], sink: Sink, rejects: Sink, checkpoint: Checkpoint,
        settings: Settings, monitor: Monitor, stopped: Callable[[], bool],
    ) -> None:  # fmt: skip
        """`current` gives the model of the next batch, so that it can be another than that of the last."""
        self._reader, self._current, self._sink, self._rejects = reader, current, sink, rejects
        self._checkpoint, self._settings, self._monitor, self._stopped = checkpoint, settings, monitor, stopped
        self._labels = current().labels
        self._retry = Retry(log, self._idle, stopped)
        self._flush_s = sink.flush_s if settings.flush_s is None else settings.flush_s
        self._rows: list[Row] = []
        self._bad: list[Row] = []
        self._place: int | None = None
        self._advanced = False
        self._flushed_at = time.monotonic()

    @property
    def tally(self) -> Tally:
        """What was received."""
        return self._monitor.tally

    def run(self) -> None:
        """Until the end; what ended the source badly is raised after everything is written."""
        while not self._reader.ended:
            if self._stopped():
                self._reader.stop()
            lines = self._reader.take(self._settings.max_batch, self._settings.max_wait_ms / 1000)
            if lines:
                self._handle(lines)
            waited = time.monotonic() - self._flushed_at
            if waited >= self._flush_s or len(self._rows) >= self._sink.flush_rows:
                self._flush()
            self._idle()
        self._flush()
        self._idle(last=True)
        if self._reader.error is not None:
            raise self._reader.error

    def _idle(self, last: bool = False) -> None:
        self._monitor.show(self._reader.source, self._reader.queued, self._retry.waiting, last)

    def _handle(self, lines: list[Line]) -> None:
        """A batch: what is new of it is classified and waits to be written."""
        new: list[Post | Notice] = []
        for line in lines:
            item = Malformed(line.problem) if line.problem else parse(line.data, self._settings.column)
            if isinstance(item, Malformed):
                self.tally.malformed += 1
                self._bad.append({"problem": item.problem, "line": printable(line.data.decode("utf-8", "replace"))})
            elif isinstance(item, Message):
                log(f"message of the sender: {item.text}")
            elif self._is_new(item := _with_id(item, line)):
                new.append(item)
        self._rows += self._classified(new)
        self._forget([item for item in new if isinstance(item, Notice)])
        self._place = lines[-1].after
        self._advanced = True

    def _is_new(self, item: Post | Notice) -> bool:
        if isinstance(item, Notice):
            self.tally.notices += 1
        # of a notice the post's id is recorded as well: should the post come later, it stays out
        keys = keys_of({"id": item.id, "event": "post" if isinstance(item, Post) else item.event})
        new = not keys or sum(map(self._checkpoint.is_new, keys)) > 0  # a sum, so that every key is recorded
        if not new and isinstance(item, Post):
            self.tally.duplicates += 1
        return new

    def _classified(self, items: list[Post | Notice]) -> list[Row]:
        """A row each, in order."""
        model = self._current()
        if model.labels != self._labels:
            raise BenchError(f"the model's labels are no longer {', '.join(self._labels)}: start another output")
        posts = [item for item in items if isinstance(item, Post)]
        scored = iter(self._scored(posts, model)) if posts else iter(())
        empty: Row = dict.fromkeys(columns(self._labels))
        return [
            next(scored)
            if isinstance(item, Post)
            else empty | {"id": item.id, "author_id": item.author_id, "event": item.event}
            for item in items
        ]

    def _scored(self, posts: list[Post], model: Model) -> list[Row]:
        probabilities = model.predictor.predict_proba([post.text for post in posts])
        records = [
            Record(
                {"id": post.id, "created_at": post.created_at, "author_id": post.author_id, "rules": post.rules,
                 "event": "post", "text": post.text},
                post.text,
            )
            for post in posts
        ]  # fmt: skip
        rows = scored_rows(records, Scores(probabilities, self._labels))
        names = columns(self._labels)
        self._monitor.add(model, probabilities, [row["predicted"] for row in rows], posts[-1].created_at)
        return [{name: (row | {"model": model.hash[:12]})[name] for name in names} for row in rows]

    def _forget(self, notices: list[Notice]) -> None:
        """Texts that are not written yet need not be."""
        ids = {notice.id for notice in notices if notice.id}
        authors = {notice.author_id for notice in notices if notice.author_id and not notice.id}
        for row in self._rows if notices else ():
            if row["id"] in ids or row["author_id"] in authors:
                row["text"] = None

    def _flush(self) -> None:
        """Rows to the disk, then the place that was reached."""
        self._flushed_at = time.monotonic()
        if not self._advanced:
            return
        if self._rows:
            self._retry(lambda: self._sink.append(self._rows))
            self.tally.written += sum(row["event"] == "post" for row in self._rows)
            self._rows = []
        if self._bad:
            self._retry(lambda: self._rejects.append(self._bad))
            self._bad = []
        self._retry(lambda: self._checkpoint.advance(self._sink.position, self._place))
        self._advanced = False


def _with_id(item: Post | Notice, line: Line) -> Post | Notice:
    """A post without an id in a source that has places is identified by its place."""
    if isinstance(item, Post) and item.id is None and line.after is not None:
        return replace(item, id=f"@{line.after}")
    return item
