"""Leaderboards on a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.report.columns import Column, columns_for
from bench.report.leaderboard import Board, Line
from bench.report.tables import facts

MOST_SHOWN = 40
"""Lines of one data set where several are printed."""


def print_boards(boards: Sequence[Board], console: Console) -> None:
    """Each data set: what to know, the table as wide as the screen allows, the failures with their reasons.

    Of several data sets the best lines alone are shown, and how many more there are; of one, all.
    """
    for board in boards:
        lines = board.lines if len(boards) == 1 else board.lines[:MOST_SHOWN]
        console.print()
        console.print(Text(board.name, style="bold"))
        for note in board.notes:
            console.print(Text(note, style="yellow"))
        for fact in facts(board):
            console.print(Text(fact, style="dim"))
        console.print(_table(lines, console.width))
        for line in lines:
            if line.reason:
                console.print(Text(f"✗ {line.title}: {line.reason}", style="yellow" if line.ok else "red"))
        if left := len(board.lines) - len(lines):
            failed = sum(not line.ok for line in board.lines[MOST_SHOWN:])
            counted = f"{left} more" + (f", {failed} of them without scores" if failed else "")
            console.print(Text(f"… {counted}: python -m bench compare -d '{board.dataset}'", style="dim"))


def _table(lines: Sequence[Line], width: int) -> Table:
    columns = columns_for(lines, width)
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold", row_styles=["", "on grey7"])
    for column in columns:
        wrapped = not column.numeric
        table.add_column(column.title, justify="left" if wrapped else "right", no_wrap=not wrapped, overflow="fold")
    for line in lines:
        table.add_row(*(_cell(column, line) for column in columns), style="" if line.ok else "red")
    return table


def _cell(column: Column, line: Line) -> Text:
    """The text of a cell; the best, and what cannot be told from it, stands out."""
    return Text(column.text(line), style="bold green" if line.rank == 1 and column.title in ("#", "accuracy") else "")
