"""Quality against a cost: latency or size, with the Pareto frontier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.board.leaderboard import Board, Line
from bench.board.numbers import interval, megabytes, significant
from bench.metrics import written
from bench.palette import BLUE, GRID, INK, MUTED, Palette, Symbol
from bench.report.plots import labels
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, log_axis, plain, slug

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from plotly.basedatatypes import BaseTraceType

HEIGHT = 440
MAX_LABELS = 24


@dataclass(frozen=True)
class Cost:
    """What quality is set against."""

    stem: str
    title: str
    axis: str
    column: str
    scale: float = 1.0


LATENCY = Cost("quality-latency", "Quality against latency", "median ms for one text, all cores (log)", "p50_ms_b1")
SIZE = Cost("quality-size", "Quality against size", "megabytes on disk (log)", "bytes_on_disk", 1e6)


@dataclass(frozen=True)
class Point:
    """One model."""

    line: Line
    x: float
    y: float
    low: float
    high: float
    efficient: bool
    """No other model is as good and cheaper."""
    label: labels.Place | None
    """Where its name is written, None where there is no room, or where a better variant of the recipe has one."""
    colour: str
    marker: Symbol


@dataclass(frozen=True)
class Frontier:
    """The models of one data set, and the steps of the frontier."""

    board: str
    metric: str
    """As text."""
    cost: Cost
    points: tuple[Point, ...]
    x_range: tuple[float, float]
    """Decimal logarithms."""
    y_range: tuple[float, float]
    best_interval: tuple[float, float]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"{slug(self.board)}-{self.cost.stem}"

    @property
    def steps(self) -> tuple[list[float], list[float]]:
        """Cost and score of the efficient models, from the cheapest, drawn on to the right edge."""
        chosen = sorted((point for point in self.points if point.efficient), key=lambda point: point.x)
        return [*(p.x for p in chosen), 10 ** self.x_range[1]], [*(p.y for p in chosen), chosen[-1].y]

    @property
    def below(self) -> list[Point]:
        """The models that lie under the axis, which is cut so that the good ones can be distinguished."""
        return [point for point in self.points if point.y < self.y_range[0]]

    @property
    def remark(self) -> str:
        """What the picture does not show."""
        names = ", ".join(f"{point.line.figure} ({point.y:.3f})" for point in self.below[:3])
        more = f" and {len(self.below) - 3} more" if len(self.below) > 3 else ""
        return f"Below the axis: {names}{more}." if names else ""

    def charts(self) -> list[Chart]:
        """Markers by recipe, the frontier as steps, the best's interval as a band."""
        return [Chart(self.cost.title, _interactive(self), HEIGHT, wide=True)]

    def draw(self) -> Canvas:
        """The same with matplotlib."""
        from matplotlib.ticker import LogLocator

        figure, axes = canvas(8, 5)
        ax = axes[0, 0]
        ax.axhspan(*self.best_interval, color=BLUE, alpha=0.07, lw=0, label="95 % CI of the best")
        xs, ys = self.steps
        ax.step(xs, ys, where="post", color=MUTED, lw=1.2, ls=":", label="Pareto frontier", zorder=1)
        named: set[str] = set()
        for p in self.points:
            label = None if p.line.recipe in named else literal(p.line.recipe)
            named.add(p.line.recipe)
            if p.y < self.y_range[0]:
                continue
            bars = [[p.y - p.low], [p.high - p.y]]
            size = 8 if p.efficient else 5.5
            ax.errorbar(
                p.x, p.y, bars, fmt=p.marker.matplotlib, ms=size, color=p.colour, elinewidth=1, mec="white", label=label
            )
            if p.label:
                _annotate(ax, p, p.label)
        ax.set(xscale="log", xlim=[10**end for end in self.x_range], ylim=self.y_range)
        ax.set(xlabel=self.cost.axis, ylabel=f"{self.metric}, mean over seeds, 95 % CI")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
        figure.suptitle(literal(f"{self.board} · {self.cost.title}"))
        ax.grid(True, color=GRID)
        figure.legend(loc="outside lower center", ncols=6, frameon=False)
        if self.remark:
            ax.text(0.99, 0.01, literal(self.remark), transform=ax.transAxes, ha="right", fontsize=7, color=MUTED)
        return figure


def frontier(board: Board, cost: Cost, palette: Palette) -> Frontier | None:
    """None where no model has both numbers."""
    lines = [line for line in board.ok_lines if getattr(line.values, cost.column)]
    if not lines:
        return None
    xs = [_value(line, cost.column) / cost.scale for line in lines]
    ys = [line.score for line in lines]
    efficient = _efficient(xs, ys)
    x_range, y_range = _ranges(lines, xs, ys, min(board.floor, max(ys)))
    places = _places(lines, xs, efficient, x_range, y_range)
    points = tuple(
        Point(
            line=line,
            x=xs[i],
            y=ys[i],
            low=_ends(line)[0],
            high=_ends(line)[1],
            efficient=efficient[i],
            label=places[i],
            colour=palette.colour(line),
            marker=palette.marker(line),
        )
        for i, line in enumerate(lines)
    )
    return Frontier(board.name, written(board.metric), cost, points, x_range, y_range, _ends(lines[0]))


def _value(line: Line, column: str) -> float:
    value: float | None = getattr(line.values, column)
    return 0.0 if value is None else value


def _ends(line: Line) -> tuple[float, float]:
    return line.interval or (line.score, line.score)


def _efficient(xs: Sequence[float], ys: Sequence[float]) -> list[bool]:
    """Which points have none that is at least as cheap and better, or cheaper and as good."""
    flags, best = [False] * len(xs), -math.inf
    for i in sorted(range(len(xs)), key=lambda i: (xs[i], -ys[i])):
        flags[i] = ys[i] > best
        best = max(best, ys[i])
    return flags


def _ranges(
    lines: Sequence[Line], xs: Sequence[float], ys: Sequence[float], floor: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Decimal logarithms of x with room for names, and y, both of the models above a floor that far worse ones miss."""
    seen = [i for i, y in enumerate(ys) if y >= floor]
    logs = [math.log10(xs[i]) for i in seen]
    room = max(0.12 * (max(logs) - min(logs)), 0.3)
    low = min(_ends(lines[i])[0] for i in seen)
    high = max(_ends(lines[i])[1] for i in seen)
    pad = 0.1 * (high - low) or 0.01
    return (min(logs) - room, max(logs) + room), (low - pad, high + pad)


def _places(
    lines: Sequence[Line],
    xs: Sequence[float],
    efficient: Sequence[bool],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> list[labels.Place | None]:
    """Where each name is written: of the frontier, which chooses first, and of the best line of each other recipe."""

    def across(x: float) -> float:
        return (math.log10(x) - x_range[0]) / (x_range[1] - x_range[0])

    def up(y: float) -> float:
        return (y - y_range[0]) / (y_range[1] - y_range[0])

    spots = [
        labels.Spot(
            across(x),
            up(line.score),
            up(_ends(line)[0]),
            up(_ends(line)[1]),
            line.figure,
        )
        for line, x in zip(lines, xs, strict=True)
    ]
    firsts: dict[tuple[str, str], int] = {}
    for i, line in enumerate(lines):
        firsts.setdefault((line.track, line.recipe), i)
    named = [i for i in range(len(lines)) if efficient[i]]
    named += [i for i in firsts.values() if not efficient[i]]
    edge = sorted((spots[i] for i in named if efficient[i]), key=lambda spot: spot.x)
    steps = [(a.x, a.y, b.x, a.y) for a, b in pairwise(edge)] + [(b.x, a.y, b.x, b.y) for a, b in pairwise(edge)]
    steps.append((edge[-1].x, edge[-1].y, 1.0, edge[-1].y))
    others = [spots[i] for i in range(len(lines)) if i not in named]
    placed = dict(zip(named, labels.place([spots[i] for i in named[:MAX_LABELS]], others, steps), strict=False))
    return [placed.get(i) for i in range(len(lines))]


def _hover(point: Point) -> str:
    values, line = point.line.values, point.line
    spread = "" if line.spread is None else f" ± {line.spread:.3f} over seeds"
    facts = [
        f"<b>{plain(line.title)}</b>",
        *([plain(line.lineage)] if line.lineage != line.title else []),
        f"{written(line.metric)} {point.y:.3f} [{interval(line)}]{spread}",
        f"{significant(values.p50_ms_b1) or '–'} ms · {megabytes(values.bytes_on_disk) or '–'} MB",
        f"seeds {', '.join(map(str, line.seeds))}",
        "run " + "<br>run ".join(plain(run_id) for run_id in line.run_ids[:5]),
    ]
    return "<br>".join(facts)


def _interactive(data: Frontier) -> Figure:
    import plotly.graph_objects as go

    xs, ys = data.steps
    line = {"color": "var(--muted)", "width": 1.5, "shape": "hv", "dash": "dot"}
    steps = go.Scatter(x=xs, y=ys, mode="lines", line=line, name="Pareto frontier", hoverinfo="skip")
    by_recipe: dict[tuple[str, str], list[Point]] = {}
    for point in data.points:
        by_recipe.setdefault((point.line.track, point.line.recipe), []).append(point)
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "layer": "below", "line": {"width": 0}}
    band |= {"y0": data.best_interval[0], "y1": data.best_interval[1], "fillcolor": "var(--band)"}
    score = {"text": f"{data.metric}, mean over seeds, 95 % CI"}
    return interactive(
        [steps, *(_markers(recipe, points) for (_, recipe), points in by_recipe.items())],
        shapes=[band],
        annotations=[_name(point, point.label) for point in data.points if point.label],
        xaxis=log_axis(*data.x_range, data.cost.axis),
        yaxis={"range": list(data.y_range), "title": score, "tickformat": ".3~f"},
    )


def _markers(recipe: str, points: Sequence[Point]) -> BaseTraceType:
    """The models of one recipe with their intervals."""
    import plotly.graph_objects as go

    above, below = [p.high - p.y for p in points], [p.y - p.low for p in points]
    return go.Scatter(
        x=[p.x for p in points],
        y=[p.y for p in points],
        error_y={"array": above, "arrayminus": below, "thickness": 1, "width": 3},
        mode="markers",
        marker={
            "opacity": 1,
            "color": points[0].colour,
            "symbol": points[0].marker.plotly,
            "size": [13 if p.efficient else 10 for p in points],
            "line": {"width": 1, "color": "var(--card)"},
        },
        hovertext=[_hover(p) for p in points],
        hovertemplate="%{hovertext}<extra></extra>",
        name=plain(recipe),
    )


def _name(point: Point, label: labels.Place) -> Figure:
    """A plotly annotation; a logarithmic axis takes the logarithm."""
    return {
        "x": math.log10(point.x),
        "y": point.y,
        "text": plain(point.line.figure),
        "font": {"size": 11},
        "ax": label.dx * labels.WIDTH,
        "ay": -label.dy * labels.HEIGHT,
        "xanchor": label.horizontal,
        "yanchor": label.vertical,
        "borderpad": 0,
        "arrowhead": 0,
        "arrowwidth": 0.8,
        "arrowcolor": "var(--muted)" if label.far else "rgba(0,0,0,0)",
        "standoff": 6,
    }


def _annotate(ax: Axes, point: Point, label: labels.Place) -> None:
    """Write the name of a point; a line leads from the near corner of a far name to its point."""
    corner = (0 if label.horizontal == "left" else 1, 0 if label.vertical == "bottom" else 1)
    leader = {"arrowstyle": "-", "color": MUTED, "lw": 0.6, "relpos": corner, "shrinkA": 0, "shrinkB": 4}
    ax.annotate(
        literal(point.line.figure),
        (point.x, point.y),
        (label.dx * labels.WIDTH, label.dy * labels.HEIGHT),
        textcoords="offset points",
        ha=label.horizontal,
        va=label.vertical,
        fontsize=8,
        color=INK,
        arrowprops=leader if label.far else None,
    )
