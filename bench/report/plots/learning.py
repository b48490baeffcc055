"""Learning curves: loss and validation accuracy after each epoch, a line a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.board.predictions import Shown
from bench.board.row import TrainingCurve
from bench.palette import DASHES, MUTED, Palette
from bench.report.plots.style import Chart, canvas, interactive, literal, shorten, slug

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
        return _draw(self)


def learning(board_name: str, shown: Sequence[Shown], palette: Palette) -> Learning | None:
    """None where no training reported its history."""
    curves = []
    for s in shown:
        seeds = tuple((run.seed, run.row.curve) for run in s.runs if run.row.curve)
        if seeds:
            curves.append(Curves(s.line.title, palette.colour(s.line), seeds))
    return Learning(board_name, tuple(curves)) if curves else None


def _interactive(curves: Curves) -> dict[str, Any]:
    import plotly.graph_objects as go

    traces = []
    for index, (number, seed) in enumerate(curves.seeds):
        dash = DASHES[index % len(DASHES)].plotly
        for name, colour, axis in (
            ("loss", "var(--muted)", "y2"),
            ("validation_loss", curves.colour, "y2"),
            ("validation_accuracy", curves.colour, "y"),
        ):
            if name in seed.values:
                traces.append(
                    go.Scatter(
                        x=seed.epochs,
                        y=seed.values[name],
                        yaxis=axis,
                        mode="lines+markers",
                        line={"color": colour, "dash": dash, "width": 1.6},
                        marker={
                            "opacity": 1,
                            "size": [9 if e == seed.best_epoch and name != "loss" else 3 for e in seed.epochs],
                        },
                        name=f"{name.replace('_', ' ')}, seed {number}",
                        showlegend=False,
                        hovertemplate="epoch %{x}: %{y:.4f}",
                    )
                )
    return interactive(
        traces,
        xaxis={"title": {"text": "epoch; the large mark is the epoch kept"}, "rangemode": "tozero"},
        yaxis={"domain": [0, 0.46], "title": {"text": "validation acc."}},
        yaxis2={"domain": [0.54, 1], "title": {"text": "loss (grey: train)"}, "anchor": "x"},
    )


def _draw(data: Learning) -> Canvas:
    figure, axes = canvas(max(3.1 * len(data.curves), 4.5), 4.6, 2, len(data.curves), sharex="col")
    figure.suptitle(literal(f"{data.board} · Learning curves, a line a seed"))
    for column, curves in enumerate(data.curves):
        top, bottom = axes[0, column], axes[1, column]
        for index, (_, seed) in enumerate(curves.seeds):
            dash = DASHES[index % len(DASHES)].matplotlib
            for name, colour, ax in (
                ("loss", MUTED, top),
                ("validation_loss", curves.colour, top),
                ("validation_accuracy", curves.colour, bottom),
            ):
                if name in seed.values:
                    heights = [float("nan") if value is None else value for value in seed.values[name]]
                    kept = [i for i, epoch in enumerate(seed.epochs) if epoch == seed.best_epoch and name != "loss"]
                    ax.plot(seed.epochs, heights, dash, color=colour, lw=1.3, marker="o", ms=5, markevery=kept)
        top.set_title(literal(shorten(curves.name, 28)))
        bottom.xaxis.get_major_locator().set_params(integer=True)
        bottom.set_xlabel("epoch (mark: the one kept)")
    axes[0, 0].set_ylabel("loss (grey: training)")
    axes[1, 0].set_ylabel("validation accuracy")
    return figure
