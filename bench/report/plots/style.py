"""How every figure looks, in both drawings: fonts, axes, text. The colours are in `bench.palette`."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.palette import GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DPI = 130


Figure = dict[str, Any]
"""A plotly figure, or a part of one, as plain data; colours may be `var(--…)` of the page."""


@dataclass(frozen=True)
class Chart:
    """One interactive chart."""

    title: str
    figure: Figure
    height: int
    wide: bool = False


class Drawing(Protocol):
    """Plain data computed once, drawn twice."""

    @property
    def stem(self) -> str:
        """Name of the PNG file without its ending."""
        ...

    def draw(self) -> Canvas:
        """With matplotlib, for the PNG."""
        ...

    def charts(self) -> list[Chart]:
        """With plotly, for the page."""
        ...


def slug(name: str) -> str:
    """A name that any file system takes."""
    return "".join(character if character.isalnum() or character in "-_" else "-" for character in name)


def shorten(text: str, length: int = 30) -> str:
    """At most that many characters, the cut shown."""
    return text if len(text) <= length else text[: length - 1] + "…"


def plain(text: str) -> str:
    """Text that plotly shows as it is: it reads a few HTML tags."""
    return html.escape(text, quote=False)


def literal(text: str) -> str:
    """Text that matplotlib shows as it is: it reads mathematics between dollar signs."""
    return text.replace("$", r"\$")


def canvas(width: float, height: float, rows: int = 1, columns: int = 1, **grid: Any) -> tuple[Canvas, Any]:
    """A figure in inches with `rows` × `columns` axes (an array of them, always two-dimensional)."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height), layout="constrained", facecolor="white")
    axes = figure.subplots(rows, columns, squeeze=False, **grid)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def write_png(drawing: Drawing, path: Path) -> None:
    """Draw with matplotlib in the project's style; the same data give the same bytes."""
    import matplotlib
    import seaborn

    style: dict[Any, Any] = dict(seaborn.axes_style("whitegrid", {"axes.edgecolor": GRID, "grid.color": GRID}))
    style |= {"font.size": 9, "axes.titlesize": 10, "axes.labelsize": 9, "legend.fontsize": 8}
    style |= {"figure.titlesize": 12, "figure.titleweight": "bold", "axes.titleweight": "bold"}
    style |= {"text.color": INK, "axes.labelcolor": MUTED, "axes.titlecolor": INK}
    style |= {"xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": 8, "ytick.labelsize": 8}
    with matplotlib.rc_context(style):
        # no software version in the file: it would change the bytes
        drawing.draw().savefig(path, dpi=DPI, metadata={"Software": None})


def log_axis(low: float, high: float, title: str) -> Figure:
    """A plotly axis between two decimal logarithms, with as many ticks as there is room for."""
    span = high - low
    ticks: Figure = {} if span < 0.8 else {"dtick": "D2"} if span < 3 else {"dtick": 1 if span < 7 else 2}
    return {"type": "log", "range": [low, high], "title": {"text": title}, "tickformat": ",~g", **ticks}


def interactive(traces: Sequence[Any], **layout: Any) -> Figure:
    """A plotly figure as plain data in the page's colours."""
    import plotly.graph_objects as go

    axis = {"gridcolor": "var(--line)", "linecolor": "var(--line)", "zeroline": False, "automargin": True}
    base: Figure = {
        "template": {},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "var(--ink)", "size": 12, "family": "system-ui, sans-serif"},
        "margin": {"l": 56, "r": 16, "t": 12, "b": 44},
        "hoverlabel": {
            "bgcolor": "var(--card)",
            "bordercolor": "var(--line)",
            "font": {"color": "var(--ink)"},
            "align": "left",
        },
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "var(--line)", "activecolor": "var(--accent)"},
    }
    for name in {"xaxis", "yaxis"} | {key for key in layout if key.startswith(("xaxis", "yaxis"))}:
        own = axis | layout.pop(name, {})
        base[name] = own | ({"title": {"standoff": 10} | own["title"]} if "title" in own else {})
    figure = go.Figure(data=list(traces), layout=base | layout)
    plain_figure: Figure = figure.to_plotly_json()
    return plain_figure
