"""Score against how many texts of each label a model was trained on: a panel a data set, a curve a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench.board.few_labels import Curve, curves
from bench.board.leaderboard import Board
from bench.metrics import written
from bench.palette import FAMILY_LOOKS, Look
from bench.report.figures.style import canvas, literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

DASHES = ("-", "--", ":", "-.")
"""Models of one family share a colour and a marker; these tell them apart."""


@dataclass(frozen=True)
class Drawn:
    """One model: mean over seeds and 95 % interval by the texts of each label."""

    name: str
    look: Look
    dash: str
    numbers: tuple[int, ...]
    score: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    whole: float | None
    """Of the same model trained on all of train."""


@dataclass(frozen=True)
class Panel:
    """One data set."""

    board: str
    metric: str
    drawn: tuple[Drawn, ...]

    def draw(self, ax: Axes) -> None:
        """Lines with whiskers, the axis of numbers logarithmic."""
        for one in self.drawn:
            below = [score - low for score, low in zip(one.score, one.low, strict=True)]
            above = [high - score for score, high in zip(one.score, one.high, strict=True)]
            ax.errorbar(one.numbers, one.score, [below, above], label=literal(one.name), color=one.look.colour,
                        marker=one.look.marker, linestyle=one.dash, markersize=4, linewidth=1.4, capsize=2)  # fmt: skip
            if one.whole is not None:
                ax.axhline(one.whole, color=one.look.colour, linewidth=0.8, linestyle=one.dash, alpha=0.5)
        numbers = sorted({number for one in self.drawn for number in one.numbers})
        ax.set_xscale("log", base=2)
        ax.set_xticks(numbers, [str(number) for number in numbers])
        ax.set(title=literal(self.board), xlabel="texts of each label", ylabel=self.metric)


@dataclass(frozen=True)
class FewLabels:
    """The panels of all data sets that have such models."""

    panels: tuple[Panel, ...]
    stem: str = "few-labels"

    def data(self) -> Any:
        """All that is drawn."""
        return asdict(self)

    def draw(self) -> Canvas:
        """Side by side, with one legend."""
        figure, axes = canvas(max(6.0, 3.6 * len(self.panels)), 4.2, columns=len(self.panels))
        figure.suptitle("Score by labels\nmeans over seeds, 95 % intervals; thin: on all of train")
        for ax, panel in zip(axes[0], self.panels, strict=True):
            panel.draw(ax)
        named = {name: handle for ax in axes[0] for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=4, frameon=False)
        return figure


def few_labels(boards: Sequence[Board]) -> FewLabels | None:
    """None where no model was trained on few labels."""
    found = [(board, curves(board)) for board in boards if board.data.limit is None]
    panels = tuple(Panel(board.name, written(board.metric), _drawn(some)) for board, some in found if some)
    return FewLabels(panels) if panels else None


def _drawn(found: Sequence[Curve]) -> tuple[Drawn, ...]:
    drawn, used = [], dict[str, int]()
    for curve in sorted(found, key=lambda one: one.name):
        lines = list(curve.lines.values())
        family = lines[0].family
        dash = DASHES[used.get(family, 0) % len(DASHES)]
        used[family] = used.get(family, 0) + 1
        ends = [line.interval or (line.score, line.score) for line in lines]
        drawn.append(Drawn(
            curve.name, FAMILY_LOOKS[family], dash, tuple(curve.lines), tuple(line.score for line in lines),
            tuple(low for low, _ in ends), tuple(high for _, high in ends),
            None if curve.whole is None else curve.whole.score,
        ))  # fmt: skip
    return tuple(drawn)
