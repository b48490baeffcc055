"""What `bench auto` shows: the phase that runs, the time that is used, a line for each model that was tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.markup import escape

from bench.auto.journal import Tried
from bench.metrics import Metric, written
from bench.run.screen import Screen
from bench.search.targets import as_text


class AutoScreen(Screen):
    """The bar of a phase above one of the minutes; where there is no terminal, the lines alone."""

    def __init__(self, console: Console, minutes: float, metric: Metric, elapsed: Callable[[], float]) -> None:
        super().__init__(console, 1)
        self._minutes, self._metric, self._elapsed = minutes, metric, elapsed
        self._clock = self._progress.add_task("time", total=minutes, note="")

    def phase(self, title: str, phase: str) -> None:
        """A phase begins."""
        self._tick()
        super().phase(title, phase)

    def progress(self, done: float, total: float, values: Mapping[str, float]) -> None:
        """The phase that runs is this far."""
        self._tick()
        super().progress(done, total, values)

    def tried(self, name: str, tried: Tried, inside: bool, stored: bool) -> None:
        """A model has its score."""
        costs = ", ".join(as_text(cost, getattr(tried.costs, cost)) for cost in ("p50", "size"))
        side = "" if inside else ", outside the bounds"
        score = f"{written(self._metric)} {tried.scores[self._metric]:.4f} on validation"
        head = f"[green]✓[/] {tried.rows:,} rows · {escape(name)}: {score}, {costs}{side}"
        self._print(head + ("; stored" if stored else ""))

    def left_out(self, name: str, reason: str) -> None:
        """A model is not tried, or not further."""
        self._print(f"[yellow]–[/] {escape(name)}: left out: {escape(reason)}")

    def _print(self, line: str) -> None:
        used = self._elapsed() / 60
        remaining = max(self._minutes - used, 0.0)
        self.console.print(f"{line} · {used:.1f} min used, {remaining:.1f} left", highlight=False, soft_wrap=True)

    def _tick(self) -> None:
        self._progress.update(self._clock, completed=self._elapsed() / 60, note=f"of {self._minutes:g} min")
