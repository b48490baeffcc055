"""Quality against a cost: latency or size, with the Pareto frontier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bench.board.leaderboard import Board, Line
from bench.metrics import written
from bench.palette import BLUE, FAMILY_LOOKS, FAMILY_NAMES, GRID, INK, MUTED, Look
from bench.report.figures import labels
from bench.report.figures.style import canvas, literal, slug

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

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
    look: Look


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
    without: int
    """Models of which this cost is not known."""

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
        without = f"Not drawn: {self.without} models that were not measured." if self.without else ""
        unnamed = ", ".join(f"{p.line.figure} ({p.y:.3f})" for p in self.points if p.efficient and not p.label)
        too = f"On the frontier too: {unnamed}." if unnamed else ""
        return "\n".join(filter(None, (too, f"Below the axis: {names}{more}." if names else "", without)))

    def data(self) -> Any:
        """All that is drawn."""
        points = [[p.line.figure, p.line.family, p.x, p.y, p.low, p.high, p.efficient] for p in self.points]
        return {"metric": self.metric, "cost": self.cost.stem, "points": points, "best": self.best_interval,
                "remark": self.remark}  # fmt: skip

    def draw(self) -> Canvas:
        """Markers by family, the frontier as steps, the best's interval as a band."""
        from matplotlib.ticker import LogLocator

        figure, axes = canvas(8, 5)
        ax = axes[0, 0]
        ax.axhspan(*self.best_interval, color=BLUE, alpha=0.07, lw=0, label="95 % CI of the best")
        xs, ys = self.steps
        ax.step(xs, ys, where="post", color=MUTED, lw=1.2, ls=":", label="Pareto frontier", zorder=1)
        named: set[str] = set()
        for p in self.points:
            label = None if p.line.family in named else FAMILY_NAMES[p.line.family]
            if p.y < self.y_range[0]:
                continue
            named.add(p.line.family)
            bars = [[p.y - p.low], [p.high - p.y]]
            size = 8 if p.efficient else 5.5
            ax.errorbar(
                p.x, p.y, bars, fmt=p.look.marker, ms=size, color=p.look.colour, elinewidth=1, mec="white", label=label
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


def frontier(board: Board, cost: Cost) -> Frontier | None:
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
            look=FAMILY_LOOKS[line.family],
        )
        for i, line in enumerate(lines)
    )
    return Frontier(
        board.name,
        written(board.metric),
        cost,
        points,
        x_range,
        y_range,
        _ends(lines[0]),
        len(board.ok_lines) - len(lines),
    )


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
    """Where each name is written: of the frontier, which chooses first, and of the best line of each other family."""

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
    firsts: dict[str, int] = {}
    for i, line in enumerate(lines):
        firsts.setdefault(line.family, i)
    named = [i for i in range(len(lines)) if efficient[i]]
    named += [i for i in firsts.values() if not efficient[i]]
    edge = sorted((spots[i] for i in named if efficient[i]), key=lambda spot: spot.x)
    steps = [(a.x, a.y, b.x, a.y) for a, b in pairwise(edge)] + [(b.x, a.y, b.x, b.y) for a, b in pairwise(edge)]
    steps.append((edge[-1].x, edge[-1].y, 1.0, edge[-1].y))
    others = [spots[i] for i in range(len(lines)) if i not in named]
    placed = dict(zip(named, labels.place([spots[i] for i in named[:MAX_LABELS]], others, steps), strict=False))
    return [placed.get(i) for i in range(len(lines))]


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
