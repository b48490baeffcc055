"""Which parameters of a search matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.palette import BLUE
from bench.report.plots.style import Chart, canvas, interactive, literal, plain, slug
from bench.search.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Importances:
    """The share of each parameter in the differences between values, the largest first."""

    study: str
    shares: tuple[tuple[str, float], ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"search-{slug(self.study)}-importances"

    def charts(self) -> list[Chart]:
        """One bar a parameter."""
        import plotly.graph_objects as go

        names, shares = [plain(name) for name, _ in self.shares[::-1]], [share for _, share in self.shares[::-1]]
        bars = go.Bar(x=shares, y=names, orientation="h", marker={"color": BLUE}, hovertemplate="%{x:.3f}")
        figure = interactive(
            [bars],
            xaxis={"title": {"text": "share of the differences"}, "range": [0, 1]},
            yaxis={"type": "category", "showgrid": False},
        )
        return [
            Chart(
                "Which parameters matter (PED-ANOVA; unreliable for few trials)", figure, max(200, 90 + 26 * len(names))
            )
        ]

    def draw(self) -> Canvas:
        """With matplotlib."""
        figure, axes = canvas(5.2, 1.2 + 0.3 * len(self.shares))
        figure.suptitle(literal(f"{self.study} · Importances"))
        ax = axes[0, 0]
        ax.barh(
            [literal(name) for name, _ in self.shares[::-1]],
            [share for _, share in self.shares[::-1]],
            0.7,
            color=BLUE,
        )
        ax.set(xlim=(0, 1), xlabel="share of the differences between values (PED-ANOVA)")
        ax.grid(False, axis="y")
        return figure


def importance(summary: Summary) -> Importances | None:
    """None where too few trials are complete."""
    ranked = sorted(summary.importances.items(), key=lambda item: -item[1])
    return Importances(summary.study, tuple(ranked)) if ranked else None
