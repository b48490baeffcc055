"""A search on the screen: a bar over the trials, the phase of the one that runs, a line when it ends."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.contract import Params
from bench.run.screen import Screen
from bench.search.summary import Summary, TrialRow

SHOWN = 10
"""Trials of the table at the end."""
MARKS = {"complete": "[green]✓[/]", "pruned": "[yellow]✂[/]", "failed": "[red]✗[/]", "running": "…"}


class SearchScreen(Screen):
    """The bar of a run's phases below one over the trials."""

    def __init__(self, console: Console, trials: int, metric: str) -> None:
        super().__init__(console, trials)
        self._metric, self._waiting = metric, False
        self._trials = self._progress.add_task("trials", total=trials, note="")

    def waiting(self, running: int) -> None:
        """Nothing remains to start, but that many trials of other processes still run; printed once."""
        if not self._waiting:
            self.console.print(f"waiting for {running} trial(s) of other processes", highlight=False)
        self._waiting = True

    def ended(self, summary: Summary, trial: TrialRow) -> None:
        """A trial of this process has ended."""
        best = summary.best_trial
        note = f"best {self._metric} {best.value:.4f}" if best and best.value is not None else ""
        self._progress.update(self._trials, completed=len(summary.finished), note=note)
        self._refresh()
        head = f"{MARKS[trial.state]} trial {trial.number}/{summary.asked}: {escape(_written(trial.params))}"
        self.console.print(f"{head} · {outcome(trial, self._metric)}; {note}", highlight=False, soft_wrap=True)


def outcome(trial: TrialRow, metric: str) -> str:
    """`accuracy 0.8712 after 4 epochs`, `pruned after epoch 2`, or why it failed."""
    if trial.state == "failed":
        return escape(f"failed: {trial.reason}")
    if trial.state == "pruned":
        return f"pruned after epoch {trial.epochs}"
    after = f" after {trial.epochs} epochs" if trial.epochs else ""
    return f"{metric} {trial.value:.4f}{after}" if trial.value is not None else "running"


def _written(params: Params) -> str:
    """`learning_rate=0.0012, units=128`: floats to three digits."""
    return ", ".join(f"{name}={_short(value)}" for name, value in params.items())


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def best_table(summary: Summary) -> Table:
    """The best trials with the parameters that differ among them, then what was pruned or failed.

    Parameters share a column, which breaks between them: on a narrow screen no number is cut in two.
    """
    rows = summary.ranked()[:SHOWN]
    names = [name for name in summary.space if len({repr(row.params.get(name)) for row in rows}) > 1]
    table = Table(box=None, header_style="bold")
    for title in ("trial", summary.metric, "state", "epochs", "seconds"):
        table.add_column(title, no_wrap=True)
    table.add_column("parameters")
    for row in rows:
        table.add_row(
            str(row.number),
            f"{row.value:.4f}" if row.value is not None else "",
            row.state,
            str(row.epochs or ""),
            f"{row.seconds:.0f}" if row.seconds is not None else "",
            escape(_written({name: row.params[name] for name in names if name in row.params})),
            style="bold green" if row.number == summary.best else "",
        )
    return table
