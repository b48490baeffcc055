"""Confusion matrices: rows are true labels, each adding to 1, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.board.predictions import Shown
from bench.palette import BLUE, INK, MUTED, translucent
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, plain, shorten, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from plotly.basedatatypes import BaseTraceType

SHADES = [[0, translucent(BLUE, 0.04)], [1, translucent(BLUE, 1)]]


@dataclass(frozen=True)
class Matrix:
    """One model: counts are means over its seeds, float [k, k]."""

    name: str
    seeds: int
    counts: npt.NDArray[np.float64]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Each row over its sum; zero where a label has no text."""
        totals = self.counts.sum(axis=1, keepdims=True)
        shares: npt.NDArray[np.float64] = self.counts / np.maximum(totals, 1e-9)
        return shares


@dataclass(frozen=True)
class Confusion:
    """The matrices of one data set."""

    board: str
    labels: tuple[str, ...]
    matrices: tuple[Matrix, ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"{slug(self.board)}-confusion"

    def charts(self) -> list[Chart]:
        """One heat map a model."""
        side = 150 + 44 * len(self.labels)
        return [Chart(m.name, _interactive(self.labels, m), min(max(side, 300), 560)) for m in self.matrices]

    def draw(self) -> Canvas:
        """All in one picture."""
        columns = min(3, len(self.matrices))
        rows = -(-len(self.matrices) // columns)
        side = 1.3 + 0.42 * len(self.labels)
        figure, axes = canvas(side * columns + 0.6, side * rows + 0.9, rows, columns, sharex=True, sharey=True)
        figure.suptitle(literal(f"{self.board} · Confusion: share of the true label, mean count"))
        for ax in axes.flat[len(self.matrices) :]:
            ax.set_visible(False)
        places = range(len(self.labels))
        names = [literal(shorten(label, 18)) for label in self.labels]
        for index, (ax, matrix) in enumerate(zip(axes.flat, self.matrices, strict=False)):
            ax.imshow(matrix.shares, cmap="Blues", vmin=0, vmax=1)
            for i in places:
                for j in places:
                    share = matrix.shares[i, j]
                    note = f"{share:.2f}\n{matrix.counts[i, j]:.0f}"
                    ax.text(j, i, note, ha="center", va="center", fontsize=6.5, color="white" if share > 0.5 else INK)
            ax.set_title(literal(shorten(matrix.name, 28)))
            ax.grid(False)
            # the lowest of each column carries the labels, also above a place that stays empty
            ax.tick_params(axis="x", rotation=40, labelbottom=index + columns >= len(self.matrices))
            ax.set_xticks(places, names)
            ax.set_yticks(places, names)
        figure.supxlabel("predicted", fontsize=9, color=MUTED)
        figure.supylabel("true", fontsize=9, color=MUTED)
        return figure


def confusion(board_name: str, shown: Sequence[Shown]) -> Confusion | None:
    """None where nothing is scored."""
    matrices = tuple(
        Matrix(s.line.figure, len(s.runs), np.mean([run.row.confusion for run in s.runs], axis=0)) for s in shown
    )
    return Confusion(board_name, shown[0].label_names, matrices) if matrices else None


def _interactive(labels: Sequence[str], matrix: Matrix) -> Figure:
    import plotly.graph_objects as go

    names = [plain(shorten(label, 18)) for label in labels]
    heat = go.Heatmap(
        z=matrix.shares.round(4).tolist(),
        customdata=matrix.counts.round(1).tolist(),
        x=names,
        y=names,
        colorscale=SHADES,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="true %{y}<br>predicted %{x}<br>%{z:.1%}, %{customdata} texts on average<extra></extra>",
    )
    category = {"type": "category", "showgrid": False}
    return interactive(
        [heat, _numbers(names, matrix)],
        xaxis=category | {"title": {"text": "predicted"}, "tickangle": -35},
        yaxis=category | {"autorange": "reversed", "title": {"text": "true", "standoff": 12}},
    )


def _numbers(names: Sequence[str], matrix: Matrix) -> BaseTraceType:
    """Share and count in each cell; white where the cell is dark."""
    import plotly.graph_objects as go

    shares, counts = matrix.shares, matrix.counts
    cells = [(i, j) for i in range(len(names)) for j in range(len(names))]
    return go.Scatter(
        x=[names[j] for _, j in cells],
        y=[names[i] for i, _ in cells],
        mode="text",
        text=[f"{shares[cell]:.2f}<br>{counts[cell]:.0f}" for cell in cells],
        textfont={"size": 11, "color": ["white" if shares[cell] > 0.5 else "var(--ink)" for cell in cells]},
        hoverinfo="skip",
        showlegend=False,
    )
