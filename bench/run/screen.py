"""What a person sees while runs go on: a bar where there is a terminal, plain lines where there is none."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.schema import Latency, Result

MINUTE = 60.0
"""Where there is no terminal, seconds between two lines that say how far a phase is."""


class Screen:
    """The listener of an executor. It draws on events alone: while a child is timed, nothing here may use a core."""

    def __init__(self, console: Console, runs: int) -> None:
        self.console = console
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(), console=console, auto_refresh=False, transient=True,
        )  # fmt: skip
        self._total, self._done = runs, 0
        self._phase, self._next_line = "", 0.0
        self._first: tuple[float, float] | None = None
        self._task = self._progress.add_task("", total=1.0, note="")

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.console.is_terminal:
            self._progress.stop()

    def phase(self, title: str, phase: str) -> None:
        """A phase of a run begins."""
        self._phase, self._first, self._next_line = f"{title} · {phase}", None, time.monotonic() + MINUTE
        self._progress.reset(self._task, description=self._phase, total=1.0, note="")
        self._refresh()

    def progress(self, done: float, total: float, values: Mapping[str, float]) -> None:
        """The phase that runs is this far."""
        now = time.monotonic()
        if self._first is None:  # of a training that goes on, what was done before took no time now
            self._first = now, done
        known = self._first[1] < done < total
        left = f"{_duration((now - self._first[0]) * (total - done) / (done - self._first[1]))} left" if known else ""
        note = ", ".join(filter(None, [" ".join(f"{name} {value:.4g}" for name, value in values.items()), left]))
        self._progress.update(self._task, completed=done, total=total, note=note)
        self._refresh()
        if not self.console.is_terminal and now >= self._next_line and known:
            self.print_line(f"{self._phase}: {done / total:.0%}, {note}")
            self._next_line = now + MINUTE

    def finished(self, result: Result) -> None:
        """A run has its row."""
        self.console.print(self._line(result), highlight=False, soft_wrap=True)
        if result.training is not None and result.measurement is None:
            for warning in result.training.warnings:
                self.console.print(f"[yellow]![/] {escape(warning)}", highlight=False, soft_wrap=True)

    def print_line(self, line: str) -> None:
        """A line of its own."""
        self.console.print(line, highlight=False, soft_wrap=True, markup=False)

    def start_over(self, runs: int) -> None:
        """A new count of runs begins."""
        self._total, self._done = runs, 0

    def _line(self, result: Result) -> str:
        self._done += 1
        identity, outcome = result.identity, result.outcome
        variant = escape(f"[{identity.variant}]") if identity.variant else ""
        head = f"{self._done}/{self._total} {identity.recipe}{variant} · {result.data.dataset} · seed {identity.seed}"
        reason = escape(outcome.reason or "no reason recorded")
        if outcome.status == "skipped":
            return f"[yellow]–[/] {head}: skipped: {reason}"
        if outcome.status != "ok":
            return f"[red]✗[/] {head}: {outcome.status} in {outcome.phase}: {reason}"
        if result.measurement is not None:
            return f"[green]✓[/] {head}: {_speed(result)}"
        quality = result.quality
        assert quality is not None
        seconds = f", trained in {outcome.train_seconds:.0f} s" if outcome.train_seconds is not None else ""
        return (
            f"[green]✓[/] {head}: accuracy {quality.accuracy.value:.4f}, macro-F1 {quality.macro_f1.value:.4f}{seconds}"
        )

    def _refresh(self) -> None:
        if self.console.is_terminal:
            self._progress.refresh()


def _duration(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _speed(result: Result) -> str:
    assert result.measurement is not None
    rows = [row for row in result.measurement.latency if row.bucket == "all"]
    return "; ".join(
        f"{row.scenario} p50 {row.p50_ms:.2f} ms{_interval(row)}, {row.texts_per_s:.0f} texts/s "
        f"on {row.threads} thread(s){', not steady' if row.steady is False else ''}"
        for row in rows
    )


def _interval(row: Latency) -> str:
    """` (0.41–0.45)` over its rounds, where there are enough of them."""
    low, high = row.p50_low_ms, row.p50_high_ms
    return "" if low is None or high is None else f" ({low:.2f}–{high:.2f})"
