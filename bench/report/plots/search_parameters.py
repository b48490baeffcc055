"""What the parameters of a search do: each against the value, and all of them side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.palette import BEST, BLUE, GRID, PALE
from bench.report.plots.search_history import describe
from bench.report.plots.style import Chart, Figure, canvas, interactive, literal, plain, shorten, slug
from bench.search.summary import Summary, TrialRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

COLUMNS = 4
"""Slices beside each other in the PNG."""


@dataclass(frozen=True)
class Slice:
    """One parameter of the complete trials."""

    name: str
    logarithmic: bool
    options: tuple[str, ...]
    """Of a choice, in the order of the space; empty for a range."""
    places: tuple[float, ...]
    """A value of a range, or the index of an option; one a trial."""


@dataclass(frozen=True)
class Slices:
    """All parameters of the complete trials of a study."""

    study: str
    metric: str
    trials: tuple[TrialRow, ...]
    best_number: int
    slices: tuple[Slice, ...]

    @property
    def stem(self) -> str:
        """Name of the file."""
        return f"search-{slug(self.study)}-parameters"

    @property
    def values(self) -> list[float]:
        """Of the trials."""
        return [trial.value or 0.0 for trial in self.trials]

    def charts(self) -> list[Chart]:
        """All side by side, then each for itself."""
        return [
            Chart("All parameters: a line a trial", _parallel(self), 360, wide=True),
            *(Chart(panel.name, _interactive(self, panel), 260) for panel in self.slices),
        ]

    def draw(self) -> Canvas:
        """Each for itself."""
        columns = min(COLUMNS, len(self.slices))
        rows = -(-len(self.slices) // columns)
        figure, axes = canvas(max(2.6 * columns, 4.5), 2.5 * rows + 0.4, rows, columns, sharey=True)
        figure.suptitle(literal(f"{self.study} · validation {self.metric.replace('_', ' ')} by parameter"))
        for ax in axes.flat[len(self.slices) :]:
            ax.set_visible(False)
        best = [trial.number == self.best_number for trial in self.trials]
        for one, ax in zip(self.slices, axes.flat, strict=False):
            ax.scatter(one.places, self.values, [70 if b else 22 for b in best], [BEST if b else BLUE for b in best])
            if one.logarithmic:
                ax.set_xscale("log")
            if one.options:
                ax.set_xticks(range(len(one.options)), [literal(shorten(o, 14)) for o in one.options], rotation=30)
                ax.set_xlim(-0.5, len(one.options) - 0.5)
            ax.set_title(literal(shorten(one.name, 26)))
            ax.grid(True, color=GRID)
        return figure


def slices(summary: Summary) -> Slices | None:
    """None where fewer than two trials are complete."""
    complete = [trial for trial in summary.trials if trial.value is not None]
    trials = tuple(sorted(complete, key=lambda trial: trial.number == summary.best))  # the best is drawn above others
    if len(trials) < 2 or summary.best is None:
        return None
    panels = tuple(_slice(name, values, trials) for name, values in summary.space.items())
    return Slices(summary.study, summary.metric, trials, summary.best, panels)


def _slice(name: str, values: dict[str, Any], trials: tuple[TrialRow, ...]) -> Slice:
    settings = [trial.params[name] for trial in trials]
    if "choice" not in values:
        return Slice(name, "log_uniform" in values, (), tuple(float(setting) for setting in settings))
    options = [str(option) for option in values["choice"]]
    return Slice(name, False, tuple(options), tuple(float(options.index(str(setting))) for setting in settings))


def _parallel(data: Slices) -> Figure:
    import math

    import plotly.graph_objects as go

    dimensions: list[Figure] = []
    for one in data.slices:
        shown: Figure = {"label": plain(shorten(one.name, 22)), "values": list(one.places)}
        if one.options:
            shown |= {"tickvals": list(range(len(one.options))), "ticktext": [plain(o) for o in one.options]}
        elif one.logarithmic:
            logs = [math.log10(place) for place in one.places]
            ticks = [min(logs) + i * (max(logs) - min(logs)) / 4 for i in range(5)]
            shown |= {"values": logs, "tickvals": ticks, "ticktext": [f"{10**tick:.2g}" for tick in ticks]}
        dimensions.append(shown)
    dimensions.append({"label": plain(data.metric.replace("_", " ")), "values": data.values})
    line = {"color": data.values, "colorscale": [[0, PALE], [1, BLUE]]}
    return interactive(
        [go.Parcoords(dimensions=dimensions, line=line, labelfont={"size": 12}, tickfont={"size": 11})],
        margin={"l": 60, "r": 60, "t": 44, "b": 20},
    )


def _interactive(data: Slices, one: Slice) -> Figure:
    import plotly.graph_objects as go

    best = [trial.number == data.best_number for trial in data.trials]
    marker = {
        "opacity": 1,
        "color": [BEST if b else BLUE for b in best],
        "size": [12 if b else 8 for b in best],
    }
    points = go.Scatter(
        x=one.places,
        y=data.values,
        mode="markers",
        marker=marker,
        hovertext=[describe(trial, data.metric) for trial in data.trials],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    across: Figure = {"type": "log", "dtick": 1, "tickformat": "~g"} if one.logarithmic else {}
    if one.options:
        across = {"tickvals": list(range(len(one.options))), "ticktext": [plain(shorten(o, 14)) for o in one.options]}
        across["range"] = [-0.5, len(one.options) - 0.5]
    return interactive(
        [points], showlegend=False, xaxis=across, yaxis={"title": {"text": data.metric.replace("_", " ")}}
    )
