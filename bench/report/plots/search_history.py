"""How a search went: the value of each trial in its order, and the best so far."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from bench.palette import BEST, GRID, TRIALS
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, plain, slug
from bench.search.summary import State, Summary, TrialRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class History:
    """All trials of a study in their order."""

    study: str
    metric: str
    complete: tuple[TrialRow, ...]
    others: tuple[TrialRow, ...]
    """Pruned and failed: they have no value, and stand beyond the worst."""
    best: tuple[float, ...]
    """After each of `complete`."""
    best_number: int
    edge: float
    """Beyond the worst value."""

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"search-{slug(self.study)}-history"

    def charts(self) -> list[Chart]:
        """The values."""
        return [Chart("Trials in their order, and the best so far", _interactive(self), 340)]

    def draw(self) -> Canvas:
        """With matplotlib."""
        figure, axes = canvas(5.6, 3.8)
        figure.suptitle(literal(f"{self.study} · Trials"))
        ax = axes[0, 0]
        ax.step([t.number for t in self.complete], self.best, where="post", color=BEST, lw=1.6, label="best so far")
        for state, trials in _by_state(self).items():
            heights = [self.edge if t.value is None else t.value for t in trials]
            sizes = [70 if t.number == self.best_number else 26 for t in trials]
            look = {
                "color": TRIALS[state].colour,
                "marker": TRIALS[state].marker.matplotlib,
                "label": state,
                "zorder": 3,
            }
            ax.scatter([t.number for t in trials], heights, sizes, **look)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="trial", ylabel=f"validation {self.metric.replace('_', ' ')}")
        figure.legend(loc="outside lower center", ncols=4, frameon=False)
        ax.grid(True, color=GRID)
        return figure


def history(summary: Summary) -> History | None:
    """None where no trial is complete."""
    ordered = sorted(summary.trials, key=lambda trial: trial.number)
    complete = tuple(trial for trial in ordered if trial.value is not None)
    if not complete or summary.best is None:
        return None
    values = [trial.value or 0.0 for trial in complete]
    room = 0.08 * (max(values) - min(values)) or 0.01
    return History(
        study=summary.study,
        metric=summary.metric,
        complete=complete,
        others=tuple(trial for trial in ordered if trial.state in ("pruned", "failed")),
        best=tuple(accumulate(values, min if summary.direction == "minimize" else max)),
        best_number=summary.best,
        edge=max(values) + room if summary.direction == "minimize" else min(values) - room,
    )


def describe(trial: TrialRow, metric: str) -> str:
    """The hover text of a trial: its parameters, one a line."""
    value = f"{metric} {trial.value:.4f}" if trial.value is not None else trial.state
    if trial.state == "pruned":
        value = f"pruned after epoch {trial.epochs}"
    params = [
        f"{name} = {setting:.4g}" if isinstance(setting, float) else f"{name} = {setting}"
        for name, setting in trial.params.items()
    ]
    reason = [trial.reason] if trial.reason else []
    return "<br>".join(plain(line) for line in (f"trial {trial.number}: {value}", *reason, *params))


def _interactive(data: History) -> Figure:
    import plotly.graph_objects as go

    traces: list[Any] = [
        go.Scatter(
            x=[t.number for t in data.complete], y=data.best, mode="lines", name="best so far", hoverinfo="skip",
            line={"color": BEST, "width": 2, "shape": "hv"},
        )
    ]  # fmt: skip
    for state, trials in _by_state(data).items():
        traces.append(
            go.Scatter(
                x=[t.number for t in trials],
                y=[data.edge if t.value is None else t.value for t in trials],
                mode="markers",
                name=state,
                marker={
                    "opacity": 1,
                    "color": TRIALS[state].colour,
                    "symbol": TRIALS[state].marker.plotly,
                    "size": [13 if t.number == data.best_number else 8 for t in trials],
                },
                hovertext=[describe(t, data.metric) for t in trials],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    return interactive(
        traces,
        xaxis={"title": {"text": "trial"}, "rangemode": "tozero"},
        yaxis={"title": {"text": f"validation {data.metric.replace('_', ' ')}"}},
    )


def _by_state(data: History) -> dict[State, list[TrialRow]]:
    by_state: dict[State, list[TrialRow]] = {}
    for trial in (*data.complete, *data.others):
        by_state.setdefault(trial.state, []).append(trial)
    return by_state
