"""Reliability diagrams: the accuracy of a model at each confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.board.predictions import Shown
from bench.measure.quality import BINS, confidence_bins
from bench.palette import GRID, MUTED, Palette
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, shorten, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Calibration:
    """One model, its seeds pooled: a value for each of the equal-width bins of confidence that holds a text."""

    name: str
    colour: str
    ece: float
    """Mean over seeds, as scored."""
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    share: tuple[float, ...]
    """Of all texts."""
    count: tuple[int, ...]


@dataclass(frozen=True)
class Reliability:
    """The diagrams of one data set."""

    board: str
    models: tuple[Calibration, ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"{slug(self.board)}-reliability"

    def charts(self) -> list[Chart]:
        """One diagram a model."""
        return [Chart(f"{m.name}: ECE {m.ece:.3f}", _interactive(m), 330) for m in self.models]

    def draw(self) -> Canvas:
        """All in one picture."""
        columns = min(4, len(self.models))
        rows = -(-len(self.models) // columns)
        figure, axes = canvas(2.6 * columns, 2.8 * rows, rows, columns, sharex=True, sharey=True)
        figure.suptitle(literal(f"{self.board} · Reliability"))
        for ax in axes.flat[len(self.models) :]:
            ax.set_visible(False)
        for ax, model in zip(axes.flat, self.models, strict=False):
            ax.bar(model.confidence, model.share, 0.05, color=GRID)
            ax.plot([0, 1], [0, 1], ":", color=MUTED, lw=1)
            ax.plot(model.confidence, model.accuracy, color=model.colour, lw=1.3)
            sizes = [12 + 120 * share for share in model.share]
            ax.scatter(model.confidence, model.accuracy, sizes, color=model.colour, zorder=3)
            ax.set(xlim=(0, 1.02), ylim=(0, 1.02))
            ax.set_title(f"{literal(shorten(model.name, 26))}\nECE {model.ece:.3f}", fontsize=8)
        figure.supxlabel("confidence (bars: share of texts)", fontsize=9, color=MUTED)
        figure.supylabel("accuracy", fontsize=9, color=MUTED)
        return figure


def reliability(board_name: str, shown: Sequence[Shown], palette: Palette) -> Reliability | None:
    """None where no predictions are stored."""
    models = tuple(_calibration(s, palette.colour(s.line)) for s in shown if s.predicted)
    return Reliability(board_name, models) if models else None


def _calibration(shown: Shown, colour: str) -> Calibration:
    top = np.concatenate([run.probabilities.max(axis=1) for run in shown.predicted]).astype(float)
    correct = np.concatenate([run.probabilities.argmax(axis=1) == run.labels for run in shown.predicted])
    bins = confidence_bins(top)
    count = np.bincount(bins, minlength=BINS)
    filled = count > 0
    return Calibration(
        name=shown.line.figure,
        colour=colour,
        ece=float(np.mean([run.row.scores.ece.value for run in shown.runs])),
        confidence=tuple((np.bincount(bins, top, BINS)[filled] / count[filled]).tolist()),
        accuracy=tuple((np.bincount(bins, correct, BINS)[filled] / count[filled]).tolist()),
        share=tuple((count[filled] / count.sum()).tolist()),
        count=tuple(count[filled].tolist()),
    )


def _interactive(model: Calibration) -> Figure:
    import plotly.graph_objects as go

    ideal = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": "var(--muted)", "dash": "dot", "width": 1}, hoverinfo="skip"
    )
    shares = go.Bar(x=model.confidence, y=model.share, width=0.05, marker={"color": "var(--line)"}, hoverinfo="skip")
    curve = go.Scatter(
        x=model.confidence,
        y=model.accuracy,
        customdata=model.count,
        mode="lines+markers",
        line={"color": model.colour, "width": 1.5},
        marker={"opacity": 1, "color": model.colour, "size": [5 + 14 * share**0.5 for share in model.share]},
        hovertemplate="confidence %{x:.3f}<br>accuracy %{y:.3f}<br>%{customdata:,} texts, all seeds<extra></extra>",
    )
    return interactive(
        [shares, ideal, curve],
        showlegend=False,
        xaxis={"range": [0, 1.02], "title": {"text": "confidence (bars: share of texts)"}},
        yaxis={"range": [0, 1.02], "title": {"text": "accuracy"}},
    )
