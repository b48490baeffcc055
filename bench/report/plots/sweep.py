"""What one parameter of a compression does: quality over its values, everything else alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.board.leaderboard import Board, Line
from bench.board.naming import FROM
from bench.board.recipes import completed
from bench.identity import canonical
from bench.palette import COLOURS, GRID, MUTED
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, plain, shorten, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from plotly.basedatatypes import BaseTraceType

MIN_VALUES = 3
"""Values of a parameter that make a sweep."""


@dataclass(frozen=True)
class Point:
    """One value of the parameter."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One model whose parameter was swept."""

    title: str
    points: tuple[Point, ...]
    parent: float | None
    """Accuracy of the parent."""


@dataclass(frozen=True)
class Panel:
    """One parameter."""

    name: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Sweeps:
    """All swept parameters of a board."""

    board: str
    panels: tuple[Panel, ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"{slug(self.board)}-sweeps"

    def charts(self) -> list[Chart]:
        """One a parameter."""
        return [Chart(f"Accuracy by {panel.name}", _interactive(panel), 320) for panel in self.panels]

    def draw(self) -> Canvas:
        """All side by side."""
        figure, axes = canvas(4.6 * len(self.panels), 3.6, 1, len(self.panels))
        figure.suptitle(literal(f"{self.board} · accuracy by parameter, mean over seeds, 95 % CI; dotted: the parent"))
        for panel, ax in zip(self.panels, axes.flat, strict=True):
            for number, curve in enumerate(panel.curves):
                colour = COLOURS[number % len(COLOURS)]
                xs, ys = [p.x for p in curve.points], [p.y for p in curve.points]
                bars = [[p.y - p.low for p in curve.points], [p.high - p.y for p in curve.points]]
                ax.errorbar(
                    xs, ys, bars, fmt="o-", ms=4, color=colour, elinewidth=1, label=literal(shorten(curve.title, 48))
                )
                if curve.parent is not None:
                    ax.axhline(curve.parent, color=colour, ls=":", lw=1)
            ax.set_xlabel(literal(panel.name))
            ax.set_title(literal(panel.name))
            ax.grid(True, color=GRID)
            ax.legend(fontsize=6, frameon=False, labelcolor=MUTED)
        return figure


def sweeps(board: Board) -> Sweeps | None:
    """The parameters of which at least three values were tried on one parent, all others alike; None for none."""
    tried: dict[str, dict[tuple[object, ...], list[tuple[float, Line]]]] = {}
    for line in board.ok_lines:
        if line.model.parent is None:
            continue
        params = completed(line.recipe, line.params)
        for name, value in params.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                others = {key: other for key, other in params.items() if key != name}
                group = (line.recipe, line.model.parent, line.refit, canonical(others))
                tried.setdefault(name, {}).setdefault(group, []).append((float(value), line))
    panels = [
        Panel(name, curves)
        for name, groups in sorted(tried.items())
        if (curves := tuple(_curve(values, board) for values in groups.values() if len(values) >= MIN_VALUES))
    ]
    return Sweeps(board.name, tuple(panels)) if panels else None


def _curve(values: list[tuple[float, Line]], board: Board) -> Curve:
    points = []
    for x, line in sorted(values, key=lambda pair: pair[0]):
        points.append(Point(x, line.score, *(line.interval or (line.score, line.score))))
    line = values[0][1]
    above = next((other for other in board.ok_lines if other.model == line.model.parent), None)
    origin = above.title if above else line.names.origins[0]
    return Curve(f"{line.recipe}{FROM}{origin}", tuple(points), above.score if above else None)


def _interactive(panel: Panel) -> Figure:
    traces = [
        trace
        for number, curve in enumerate(panel.curves)
        for trace in _traces(curve, COLOURS[number % len(COLOURS)], explained=number == 0)
    ]
    axes = {"xaxis": {"title": {"text": panel.name}}, "yaxis": {"title": {"text": "accuracy"}}}
    return interactive(traces, **axes)


def _traces(curve: Curve, colour: str, explained: bool) -> Iterator[BaseTraceType]:
    """The values with their intervals, and the parent as a dotted line, `explained` in the legend."""
    import plotly.graph_objects as go

    xs, ys = [p.x for p in curve.points], [p.y for p in curve.points]
    bars = {"array": [p.high - p.y for p in curve.points], "arrayminus": [p.y - p.low for p in curve.points]}
    yield go.Scatter(
        x=xs,
        y=ys,
        error_y={**bars, "color": colour, "thickness": 1},
        mode="lines+markers",
        line={"color": colour},
        name=plain(shorten(curve.title, 60)),
    )
    if curve.parent is not None:
        yield go.Scatter(
            x=[xs[0], xs[-1]],
            y=[curve.parent] * 2,
            mode="lines",
            line={"color": colour, "dash": "dot"},
            name="its parent",
            showlegend=explained,
        )
