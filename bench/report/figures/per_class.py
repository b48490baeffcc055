"""F1 of each label, a bar a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.board.predictions import Shown
from bench.palette import FAMILY_LOOKS, INK
from bench.report.figures.style import canvas, literal, shorten, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Bars:
    """One model: mean F1 of each label with the lowest and highest seed."""

    name: str
    colour: str
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class PerClass:
    """The bars of one data set."""

    board: str
    labels: tuple[str, ...]
    support: tuple[int, ...]
    bars: tuple[Bars, ...]

    @property
    def ticks(self) -> list[str]:
        """Label and its number of test texts."""
        return [f"{shorten(label, 20)} ({n:,})" for label, n in zip(self.labels, self.support, strict=True)]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"{slug(self.board)}-per-class"

    def data(self) -> Any:
        """All that is drawn."""
        return asdict(self)

    def draw(self) -> Canvas:
        """Grouped bars."""
        figure, axes = canvas(max(7.0, 1.5 * len(self.labels)), 4)
        figure.suptitle(literal(f"{self.board} · F1 of each label; whiskers: lowest and highest seed"))
        ax = axes[0, 0]
        width = 0.82 / len(self.bars)
        for index, bar in enumerate(self.bars):
            places = [i - 0.41 + width * (index + 0.5) for i in range(len(self.labels))]
            below = [mean - low for low, mean in zip(bar.low, bar.mean, strict=True)]
            above = [high - mean for high, mean in zip(bar.high, bar.mean, strict=True)]
            error = {"elinewidth": 0.8, "ecolor": INK}
            ax.bar(
                places,
                bar.mean,
                width * 0.92,
                yerr=[below, above],
                color=bar.colour,
                error_kw=error,
                label=literal(bar.name),
            )
        ax.set_xticks(range(len(self.labels)), [literal(tick) for tick in self.ticks])
        if len(self.labels) > 8:
            ax.tick_params(axis="x", rotation=35)
        ax.set(
            ylim=(0, 1),
            ylabel="F1, mean over seeds",
        )
        ax.grid(False, axis="x")
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        return figure


def per_class(board_name: str, shown: Sequence[Shown]) -> PerClass | None:
    """None where nothing is scored."""
    if not shown:
        return None
    bars = []
    for s in shown:
        scores = list(zip(*([label.f1 for label in run.row.label_scores] for run in s.runs), strict=True))
        low, high = tuple(map(min, scores)), tuple(map(max, scores))
        # Rounding may put the mean of equal scores outside of them.
        mean = tuple(float(m) for m in np.clip(np.mean(scores, axis=1), low, high))
        bars.append(Bars(s.line.figure, FAMILY_LOOKS[s.line.family].colour, mean, low, high))
    first = shown[0].runs[0].row.label_scores
    labels, support = tuple(label.label for label in first), tuple(label.support for label in first)
    return PerClass(board_name, labels, support, tuple(bars))
