"""Learning curves: loss and validation accuracy after each epoch, a line a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.board.predictions import Shown
from bench.board.row import TrainingCurve
from bench.palette import DASHES, MUTED, Palette, Symbol
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, shorten, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Curves:
    """All seeds of one model."""

    name: str
    colour: str
    seeds: tuple[tuple[int, TrainingCurve], ...]


@dataclass(frozen=True)
class Learning:
    """The models of one data set that train in epochs."""

    board: str
    curves: tuple[Curves, ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"{slug(self.board)}-learning"

    def charts(self) -> list[Chart]:
        """One chart a model: losses above, validation accuracy below."""
        return [Chart(curves.name, _interactive(curves), 400) for curves in self.curves]

    def draw(self) -> Canvas:
        """All in one picture."""
        figure, axes = canvas(max(3.1 * len(self.curves), 4.5), 4.6, 2, len(self.curves), sharex="col")
        figure.suptitle(literal(f"{self.board} · Learning curves, a line a seed"))
        for column, curves in enumerate(self.curves):
            top, bottom = axes[0, column], axes[1, column]
            for trace in _traces(curves):
                ax = bottom if trace.name == "validation_accuracy" else top
                heights = [float("nan") if value is None else value for value in trace.values]
                marked = [i for i, epoch in enumerate(trace.epochs) if epoch == trace.best_epoch]
                look = {"color": trace.colour or MUTED, "lw": 1.3, "marker": "o", "ms": 5, "markevery": marked}
                ax.plot(trace.epochs, heights, trace.dash.matplotlib, **look)
            top.set_title(literal(shorten(curves.name, 28)))
            bottom.xaxis.get_major_locator().set_params(integer=True)
            bottom.set_xlabel("epoch (mark: the one kept)")
        axes[0, 0].set_ylabel("loss (grey: training)")
        axes[1, 0].set_ylabel("validation accuracy")
        return figure


def learning(board_name: str, shown: Sequence[Shown], palette: Palette) -> Learning | None:
    """None where no training reported its history."""
    curves = []
    for s in shown:
        seeds = tuple((run.seed, run.row.curve) for run in s.runs if run.row.curve)
        if seeds:
            curves.append(Curves(s.line.figure, palette.colour(s.line), seeds))
    return Learning(board_name, tuple(curves)) if curves else None


@dataclass(frozen=True)
class Trace:
    """One line of one seed."""

    seed: int
    name: str
    dash: Symbol
    colour: str | None
    """None for the training loss, which is muted."""
    epochs: tuple[float, ...]
    values: tuple[float | None, ...]
    best_epoch: int | None
    """The epoch to mark."""


def _traces(curves: Curves) -> Iterator[Trace]:
    """Of every seed what it reported, losses first."""
    for index, (seed, curve) in enumerate(curves.seeds):
        dash = DASHES[index % len(DASHES)]
        for name in ("loss", "validation_loss", "validation_accuracy"):
            if name in curve.values:
                colour, best = (None, None) if name == "loss" else (curves.colour, curve.best_epoch)
                yield Trace(seed, name, dash, colour, curve.epochs, curve.values[name], best)


def _interactive(curves: Curves) -> Figure:
    import plotly.graph_objects as go

    traces = [
        go.Scatter(
            x=trace.epochs,
            y=trace.values,
            yaxis="y" if trace.name == "validation_accuracy" else "y2",
            mode="lines+markers",
            line={"color": trace.colour or "var(--muted)", "dash": trace.dash.plotly, "width": 1.6},
            marker={"opacity": 1, "size": [9 if epoch == trace.best_epoch else 3 for epoch in trace.epochs]},
            name=f"{trace.name.replace('_', ' ')}, seed {trace.seed}",
            showlegend=False,
            hovertemplate="epoch %{x}: %{y:.4f}",
        )
        for trace in _traces(curves)
    ]
    return interactive(
        traces,
        xaxis={"title": {"text": "epoch; the large mark is the epoch kept"}, "rangemode": "tozero"},
        yaxis={"domain": [0, 0.46], "title": {"text": "validation acc."}},
        yaxis2={"domain": [0.54, 1], "title": {"text": "loss (grey: train)"}, "anchor": "x"},
    )
