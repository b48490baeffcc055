"""How a search went: the value of each trial with the best so far, and the validation scores epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from bench.report.plots.style import COLOURS, GRID, MUTED, Chart, canvas, interactive, literal, plain, slug
from bench.search.summary import State, Summary, TrialRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

COLOUR: dict[State, str] = {"complete": COLOURS[0], "pruned": COLOURS[1], "failed": COLOURS[3], "running": COLOURS[7]}
MARKER: dict[State, tuple[str, str]] = {
    "complete": ("o", "circle"),
    "pruned": ("x", "x"),
    "failed": ("v", "triangle-down"),
    "running": (".", "circle-open"),
}
"""Of matplotlib, of plotly."""


@dataclass(frozen=True)
class Curve:
    """What a training said of validation."""

    trial: TrialRow
    epochs: tuple[int, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class History:
    """All trials of a study in their order."""

    study: str
    metric: str
    complete: tuple[TrialRow, ...]
    others: tuple[TrialRow, ...]
    """Pruned and failed: they have no value, and stand on the lower edge."""
    best: tuple[float, ...]
    """After each of `complete`."""
    best_number: int
    curves: tuple[Curve, ...]
    floor: float
    """Where the lower edge is."""

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"search-{slug(self.study)}-history"

    def charts(self) -> list[Chart]:
        """The values; the epochs, where trials have any."""
        shown = [Chart("Trials in their order, and the best so far", _interactive(self), 340)]
        if self.curves:
            shown.append(Chart("What the trainings said of validation, epoch by epoch", _interactive_curves(self), 340))
        return shown

    def draw(self) -> Canvas:
        """Both side by side."""
        return _draw(self)


def history(summary: Summary) -> History | None:
    """None where no trial is complete."""
    ordered = sorted(summary.trials, key=lambda trial: trial.number)
    complete = tuple(trial for trial in ordered if trial.value is not None)
    if not complete or summary.best is None:
        return None
    values = [trial.value or 0.0 for trial in complete]
    room = 0.08 * (max(values) - min(values)) or 0.01
    curves = tuple(
        Curve(trial, tuple(int(epoch) for epoch in trial.intermediate), tuple(trial.intermediate.values()))
        for trial in ordered
        if trial.intermediate
    )
    return History(
        study=summary.study,
        metric=summary.metric,
        complete=complete,
        others=tuple(trial for trial in ordered if trial.state in ("pruned", "failed")),
        best=tuple(accumulate(values, min if summary.direction == "minimize" else max)),
        best_number=summary.best,
        curves=curves,
        floor=min(values) - room,
    )


def describe(trial: TrialRow, metric: str) -> str:
    """What stands in the hover of a trial: its parameters, one a line."""
    value = f"{metric} {trial.value:.4f}" if trial.value is not None else trial.state
    if trial.state == "pruned":
        value = f"pruned after epoch {trial.epochs}"
    params = [
        f"{name} = {setting:.4g}" if isinstance(setting, float) else f"{name} = {setting}"
        for name, setting in trial.params.items()
    ]
    reason = [trial.reason] if trial.reason else []
    return "<br>".join(plain(line) for line in (f"trial {trial.number}: {value}", *reason, *params))


def _interactive(data: History) -> dict[str, Any]:
    import plotly.graph_objects as go

    traces: list[Any] = [
        go.Scatter(
            x=[t.number for t in data.complete], y=data.best, mode="lines", name="best so far", hoverinfo="skip",
            line={"color": COLOURS[2], "width": 2, "shape": "hv"},
        )
    ]  # fmt: skip
    for state, trials in _by_state(data).items():
        traces.append(
            go.Scatter(
                x=[t.number for t in trials],
                y=[data.floor if t.value is None else t.value for t in trials],
                mode="markers",
                name=state,
                marker={
                    "opacity": 1,
                    "color": COLOUR[state],
                    "symbol": MARKER[state][1],
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
    found: dict[State, list[TrialRow]] = {}
    for trial in (*data.complete, *data.others):
        found.setdefault(trial.state, []).append(trial)
    return found


def _interactive_curves(data: History) -> dict[str, Any]:
    import plotly.graph_objects as go

    traces = [
        go.Scatter(
            x=curve.epochs,
            y=curve.values,
            mode="lines+markers",
            line={"color": _colour(curve, data), "width": 3 if curve.trial.number == data.best_number else 1.2},
            marker={"opacity": 1, "size": [3] * (len(curve.epochs) - 1) + [8], "symbol": MARKER[curve.trial.state][1]},
            hovertext=[describe(curve.trial, data.metric)] * len(curve.epochs),
            hovertemplate="epoch %{x}: %{y:.4f}<br>%{hovertext}<extra></extra>",
            showlegend=False,
        )
        for curve in data.curves
    ]
    return interactive(
        traces,
        xaxis={"title": {"text": "epoch; thick: the best trial; a cross: pruned"}, "rangemode": "tozero"},
        yaxis={"title": {"text": "validation, as trained"}},
    )


def _colour(curve: Curve, data: History) -> str:
    return COLOURS[2] if curve.trial.number == data.best_number else COLOUR[curve.trial.state]


def _draw(data: History) -> Canvas:
    columns = 2 if data.curves else 1
    figure, axes = canvas(5.2 * columns, 3.8, 1, columns)
    figure.suptitle(literal(f"{data.study} · Trials"))
    left = axes[0, 0]
    left.step([t.number for t in data.complete], data.best, where="post", color=COLOURS[2], lw=1.6, label="best so far")
    for state, trials in _by_state(data).items():
        heights = [data.floor if t.value is None else t.value for t in trials]
        sizes = [70 if t.number == data.best_number else 26 for t in trials]
        look = {"color": COLOUR[state], "marker": MARKER[state][0], "label": state, "zorder": 3}
        left.scatter([t.number for t in trials], heights, sizes, **look)
    left.xaxis.get_major_locator().set_params(integer=True)
    left.set(xlabel="trial", ylabel=f"validation {data.metric.replace('_', ' ')}")
    if data.curves:
        _draw_curves(data, axes[0, 1])
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    for ax in axes.flat:
        ax.grid(True, color=GRID)
    return figure


def _draw_curves(data: History, ax: Any) -> None:
    for curve in data.curves:
        heights = [float("nan") if value is None else value for value in curve.values]
        width = 2.2 if curve.trial.number == data.best_number else 0.9
        marker = MARKER[curve.trial.state][0]
        last = [len(heights) - 1]
        ax.plot(curve.epochs, heights, color=_colour(curve, data), lw=width, marker=marker, ms=5, markevery=last)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch (thick: the best trial)", color=MUTED)
    ax.set_ylabel("validation, as trained")
