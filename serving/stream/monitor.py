"""Shows a stream: a live view on a terminal, else a line now and then; events are logged in both."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.live import Live

from bench.api import BenchError, Probabilities
from serving.model import Model
from serving.stream.drift import Drift, Reading, Reference
from serving.stream.sources import Source
from serving.stream.tally import Tally
from serving.stream.view import Snapshot, one_line, screen

REFRESH_S = 0.5


def log(text: str) -> None:
    """One line about an event, with the time, on standard error; above the view where there is one."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


class Monitor:
    """Counts what is received and shows it."""

    def __init__(
        self, title: str, labels: Sequence[str], references: Callable[[Model], Reference], log_every: float, quiet: bool
    ) -> None:
        """`references` gives a model's predictions on validation, or raises a `BenchError` with why there are none."""
        self.tally = Tally()
        self._title, self._labels, self._references = title, list(labels), references
        self._console = Console()
        self._live: Live | None = None
        if self._console.is_terminal and not quiet:
            self._live = Live(console=self._console, auto_refresh=False)
        self._every = REFRESH_S if self._live else log_every
        self._quiet = quiet
        self._shown_at = time.monotonic()
        self._model: str | None = None
        self._drift: Drift | None = None
        self._no_drift = "no post yet"
        self._level = ""

    def __enter__(self) -> Monitor:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live:
            self._live.stop()

    def add(self, model: Model, probabilities: Probabilities, labels: Sequence[str], created: str | None) -> None:
        """A batch: its probabilities [n_posts, n_labels] and labels, and when its last post was made."""
        if model.hash != self._model:
            self._model, self._drift = model.hash, None
            try:
                self._drift = Drift(self._references(model))
            except BenchError as error:
                self._no_drift = f"unknown: {error}"
                log(f"drift is not shown: {error}; give --reference")
        self.tally.add(labels, created)
        if self._drift is not None:
            self._drift.add(probabilities)

    def show(self, source: Source, queued: int, waiting: str | None, last: bool = False) -> None:
        """Draw the view or print the line, where it is time for that or the `last` time."""
        if time.monotonic() - self._shown_at < self._every and not last:
            return
        self._shown_at = time.monotonic()
        reading = self._drift.reading() if self._drift else None
        self._alarm(reading)
        snapshot = Snapshot(
            self._title, self._labels, self.tally, source, queued, waiting, reading, self._about_drift()
        )
        if self._live:
            self._live.update(screen(snapshot), refresh=True)
        elif not self._quiet:
            log(one_line(snapshot))

    def _about_drift(self) -> str:
        return f"against {self._drift.reference.origin}" if self._drift else self._no_drift

    def _alarm(self, reading: Reading | None) -> None:
        if reading is None or reading.level == self._level:
            return
        if self._level or reading.level != "stable":
            alarm = "drift alarm" if reading.level == "drift" else reading.level
            log(
                f"{alarm}: stability index of labels {reading.labels:.2f}, of confidence {reading.confidence:.2f}, "
                f"the last {reading.posts:,} posts {self._about_drift()}"
            )
        self._level = reading.level
