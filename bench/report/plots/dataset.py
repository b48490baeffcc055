"""A data set's labels and text lengths; the PNG of the same is drawn by `bench.data.draw`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.palette import SPLITS
from bench.report.plots.style import Chart, Figure, interactive, log_axis, plain, shorten

if TYPE_CHECKING:
    from bench.data.describe import Description


def charts(description: Description) -> list[Chart]:
    """Share of each label in each split, and share of texts by length."""
    return [Chart("Labels", _labels(description), 340), Chart("Lengths in characters", _lengths(description), 340)]


def _labels(description: Description) -> Figure:
    import plotly.graph_objects as go

    traces = [
        go.Bar(
            x=[plain(shorten(name, 20)) for name in description.label_names],
            y=[split.labels[name] / max(split.rows, 1) for name in description.label_names],
            customdata=[split.labels[name] for name in description.label_names],
            name=f"{split.name} ({split.rows:,})",
            marker={"color": SPLITS[split.name]},
            hovertemplate="%{x}: %{y:.1%}, %{customdata:,} rows<extra>" + split.name + "</extra>",
        )
        for split in description.splits
    ]
    return interactive(
        traces,
        barmode="group",
        xaxis={"type": "category", "showgrid": False},
        yaxis={"tickformat": ".0%", "title": {"text": "share of the split"}},
    )


def _extent(description: Description) -> tuple[float, float]:
    """Decimal logarithms of the shortest and longest lengths that any split has."""
    edges, splits = description.length_edges, description.splits
    held = [i for i in range(len(edges) - 1) if any(split.lengths.histogram[i] for split in splits)]
    return math.log10(edges[held[0]]), math.log10(edges[held[-1] + 1])


def _lengths(description: Description) -> Figure:
    import plotly.graph_objects as go

    traces = [
        go.Scatter(
            x=description.length_edges[:-1],
            y=[count / max(split.rows, 1) for count in split.lengths.histogram],
            mode="lines",
            line={"shape": "hv", "width": 1.8, "color": SPLITS[split.name]},
            name=f"{split.name}, median {split.lengths.characters[3]:,.0f}",
            hovertemplate="from %{x:,.0f} characters: %{y:.1%}<extra>" + split.name + "</extra>",
        )
        for split in description.splits
    ]
    return interactive(
        traces,
        xaxis=log_axis(*_extent(description), "characters (log)"),
        yaxis={"tickformat": ".0%", "title": {"text": "share of the split"}, "rangemode": "tozero"},
    )
