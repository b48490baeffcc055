"""Validation scores of the trainings of a search, epoch by epoch: where the pruned ones were cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.palette import BEST, GRID, TRIALS, Symbol
from bench.report.plots.search_history import describe
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, slug
from bench.search.summary import Summary, TrialRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Curve:
    """One training."""

    trial: TrialRow
    best: bool
    epochs: tuple[int, ...]
    values: tuple[float | None, ...]

    @property
    def colour(self) -> str:
        """By its state; the best stands out."""
        return BEST if self.best else TRIALS[self.trial.state].colour

    @property
    def marker(self) -> Symbol:
        """Of its last epoch, by its state."""
        return TRIALS[self.trial.state].marker


@dataclass(frozen=True)
class Epochs:
    """All trainings of a study that reported a score."""

    study: str
    metric: str
    curves: tuple[Curve, ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"search-{slug(self.study)}-epochs"

    def charts(self) -> list[Chart]:
        """A line a trial."""
        return [Chart("Validation score of each training, epoch by epoch", _interactive(self), 340)]

    def draw(self) -> Canvas:
        """With matplotlib."""
        figure, axes = canvas(5.2, 3.8)
        figure.suptitle(literal(f"{self.study} · Epochs"))
        ax = axes[0, 0]
        for curve in self.curves:
            heights = [float("nan") if value is None else value for value in curve.values]
            last = [len(heights) - 1]
            width = 2.2 if curve.best else 0.9
            ax.plot(
                curve.epochs,
                heights,
                color=curve.colour,
                lw=width,
                marker=curve.marker.matplotlib,
                ms=5,
                markevery=last,
            )
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="epoch (thick: the best trial; a cross: pruned)", ylabel="validation, as trained")
        ax.grid(True, color=GRID)
        return figure


def epochs(summary: Summary) -> Epochs | None:
    """None where no trial trains in epochs."""
    curves = tuple(
        Curve(
            t, t.number == summary.best, tuple(int(epoch) for epoch in t.intermediate), tuple(t.intermediate.values())
        )
        for t in sorted(summary.trials, key=lambda trial: (trial.number == summary.best, trial.number))
        if t.intermediate
    )
    return Epochs(summary.study, summary.metric, curves) if curves else None


def _interactive(data: Epochs) -> Figure:
    import plotly.graph_objects as go

    traces = [
        go.Scatter(
            x=curve.epochs,
            y=curve.values,
            mode="lines+markers",
            line={"color": curve.colour, "width": 3 if curve.best else 1.2},
            marker={
                "opacity": 1,
                "size": [3] * (len(curve.epochs) - 1) + [8],
                "symbol": curve.marker.plotly,
            },
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
