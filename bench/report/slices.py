"""Slices on a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.slices.compare import Slice


def print_slices(title: str, shown: Sequence[Slice], compared: int, console: Console) -> None:
    """The slices, the worst first."""
    console.print(Text(title, style="bold"))
    if shown:
        table = Table(box=None, pad_edge=False, padding=(0, 1))
        for name in ("slice", "texts", "accuracy", "less the rest", "95 % interval", "p (Holm)"):
            table.add_column(name, justify="left" if name == "slice" else "right", no_wrap=True)
        for each in shown:
            interval = f"{each.low:+.3f} to {each.high:+.3f}"
            style = "" if not each.differs else "red" if each.difference < 0 else "green"
            cells = [
                each.name,
                f"{each.n:,}",
                f"{each.accuracy:.3f}",
                f"{each.difference:+.3f}",
                interval,
                f"{each.p:.2g}",
            ]
            table.add_row(*cells, style=style)
        console.print(table)
    differing = sum(each.differs for each in shown)
    console.print(f"{differing} of {compared} slices differ from the rest after correction", highlight=False)
