"""Slices, on a screen and as a table of the page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.slices.compare import Slice
from bench.slices.evaluation import Sliced

HEADER = ("slice", "texts", "accuracy", "less the rest", "95 % interval", "p (Holm)")


def print_slices(title: str, found: Sliced, everything: bool, console: Console) -> None:
    """Those that differ, or `everything`, the worst first."""
    console.print(Text(title, style="bold"))
    if shown := found.slices if everything else found.differing:
        table = Table(box=None, pad_edge=False, padding=(0, 1))
        for name in HEADER:
            table.add_column(name, justify="left" if name == "slice" else "right", no_wrap=True)
        for each in shown:
            style = "" if not each.differs else "red" if each.difference < 0 else "green"
            table.add_row(*cells(each), style=style)
        console.print(table)
    console.print(summary(found), highlight=False)


def summary(found: Sliced) -> str:
    """How many are shown to differ."""
    return f"{len(found.differing)} of {len(found.slices)} slices differ from the rest after correction"


def cells(each: Slice) -> Sequence[str]:
    """Of one slice, below `HEADER`."""
    return (
        each.name, f"{each.n:,}", f"{each.accuracy:.3f}", f"{each.difference:+.3f}",
        f"{each.low:+.3f} to {each.high:+.3f}", f"{each.p:.2g}",
    )  # fmt: skip
