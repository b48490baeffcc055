"""How every figure looks: fonts, axes, text. The colours are in `bench.palette`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.palette import GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DPI = 200
"""For print: 8 inches are 1,600 pixels."""


class Drawing(Protocol):
    """Plain data computed once."""

    @property
    def stem(self) -> str:
        """Name of the PNG file without its ending."""
        ...

    def draw(self) -> Canvas:
        """With matplotlib, for the PNG."""
        ...

    def data(self) -> Any:
        """All that it draws, as JSON."""
        ...


def slug(name: str) -> str:
    """A name that any file system takes."""
    return "".join(character if character.isalnum() or character in "-_" else "-" for character in name)


def shorten(text: str, length: int = 30) -> str:
    """At most that many characters, the cut shown."""
    return text if len(text) <= length else text[: length - 1] + "…"


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
