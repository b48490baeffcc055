"""Average ranks over data sets, with what difference of them is critical."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.board.across import Across
from bench.palette import BLUE, GRID
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Average rank over data sets"


@dataclass(frozen=True)
class Ranks:
    """A recipe a row, the best on top; bars half a critical difference to each side."""

    across: Across

    @property
    def stem(self) -> str:
        """Name of the file."""
        return "average-ranks"

    @property
    def remark(self) -> str:
        """How to read it."""
        ranks = self.across.ranks
        shown = "not shown to differ at all" if ranks.p >= 0.05 else "shown to differ"
        return (
            f"Recipes whose bars overlap are not shown to differ (Nemenyi, critical difference "
            f"{ranks.critical_difference:.2f}). As a whole they are {shown} (Friedman, p {ranks.p:.2g}, "
            f"{ranks.datasets} data sets: {', '.join(self.across.boards)})."
        )

    def charts(self) -> list[Chart]:
        """Points with bars."""
        return [Chart(TITLE, self._interactive(), 90 + 28 * len(self.across.recipes), wide=True)]

    def draw(self) -> Canvas:
        """The same with matplotlib."""
        recipes, half = self.across.recipes, self.across.ranks.critical_difference / 2
        figure, axes = canvas(7, 1.2 + 0.3 * len(recipes))
        ax = axes[0, 0]
        ax.errorbar(self.across.ranks.ranks, range(len(recipes)), xerr=half, fmt="o", color=BLUE, elinewidth=2)
        ax.set_yticks(range(len(recipes)), [literal(recipe) for recipe in recipes])
        ax.invert_yaxis()
        ax.set_xlabel(f"average rank over {self.across.ranks.datasets} data sets, ± half the critical difference")
        ax.grid(True, axis="x", color=GRID)
        figure.suptitle(TITLE)
        return figure

    def _interactive(self) -> Figure:
        import plotly.graph_objects as go

        names, half = [plain(recipe) for recipe in self.across.recipes], self.across.ranks.critical_difference / 2
        points = go.Scatter(
            x=self.across.ranks.ranks,
            y=names,
            mode="markers",
            marker={"size": 10, "color": BLUE},
            error_x={"type": "constant", "value": half, "thickness": 2, "color": BLUE},
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
        axes = {"xaxis": {"title": {"text": "average rank"}}, "yaxis": {"autorange": "reversed", "type": "category"}}
        return interactive([points], showlegend=False, **axes)
