"""What one parameter of a compression does: quality over its values, everything else alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.board.leaderboard import Board, Line
from bench.board.naming import FROM
from bench.board.recipes import completed
from bench.identity import canonical
from bench.palette import COLOURS, GRID, MUTED
from bench.report.plots.style import Chart, canvas, interactive, literal, plain, shorten, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

LEAST = 3
"""Values that make a sweep."""


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
        return _draw(self)


def sweeps(board: Board) -> Sweeps | None:
    """The parameters of which at least three values were tried on one parent, all others alike; None for none."""
    found: dict[str, dict[tuple[object, ...], list[tuple[float, Line]]]] = {}
    for line in board.ok_lines:
        if line.model.parent is None:
            continue
        params = completed(line.recipe, line.params)
        for name, value in params.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                others = {key: other for key, other in params.items() if key != name}
                group = (line.recipe, line.model.parent, line.refit, canonical(others))
                found.setdefault(name, {}).setdefault(group, []).append((float(value), line))
    panels = [
        Panel(name, curves)
        for name, groups in sorted(found.items())
        if (curves := tuple(_curve(tried, board) for tried in groups.values() if len(tried) >= LEAST))
    ]
    return Sweeps(board.name, tuple(panels)) if panels else None


def _curve(tried: list[tuple[float, Line]], board: Board) -> Curve:
    points = []
    for x, line in sorted(tried, key=lambda pair: pair[0]):
        points.append(Point(x, line.accuracy, line.values.accuracy_low or 0.0, line.values.accuracy_high or 0.0))
    line = tried[0][1]
    above = next((other for other in board.ok_lines if other.model == line.model.parent), None)
    origin = above.title if above else line.names.origins[0]
    return Curve(f"{line.recipe}{FROM}{origin}", tuple(points), above.values.accuracy if above else None)


def _interactive(panel: Panel) -> dict[str, Any]:
    import plotly.graph_objects as go

    traces = []
    for number, curve in enumerate(panel.curves):
        colour = COLOURS[number % len(COLOURS)]
        bars = {
            "array": [p.high - p.y for p in curve.points],
            "arrayminus": [p.y - p.low for p in curve.points],
            "color": colour,
            "thickness": 1,
        }
        xs = [p.x for p in curve.points]
        traces.append(
            go.Scatter(
                x=xs,
                y=[p.y for p in curve.points],
                error_y=bars,
                mode="lines+markers",
                line={"color": colour},
                name=plain(shorten(curve.title, 60)),
            )
        )
        if curve.parent is not None:
            traces.append(
                go.Scatter(
                    x=[xs[0], xs[-1]],
                    y=[curve.parent] * 2,
                    mode="lines",
                    line={"color": colour, "dash": "dot"},
                    name="its parent",
                    showlegend=number == 0,
                )
            )
    axes = {"xaxis": {"title": {"text": panel.name}}, "yaxis": {"title": {"text": "accuracy"}}}
    return interactive(traces, **axes)


def _draw(data: Sweeps) -> Canvas:
    figure, axes = canvas(4.6 * len(data.panels), 3.6, 1, len(data.panels))
    figure.suptitle(literal(f"{data.board} · accuracy by parameter, mean over seeds, 95 % CI; dotted: the parent"))
    for panel, ax in zip(data.panels, axes.flat, strict=True):
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
