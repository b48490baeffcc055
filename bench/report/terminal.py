"""Leaderboards on a screen."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bench.report.columns import Column, columns_for
from bench.report.leaderboard import Board, Line
from bench.report.tables import facts


def print_board(board: Board, console: Console) -> None:
    """One data set: what to know, the table as wide as the screen allows, the failures with their reasons."""
    console.print()
    console.print(f"[bold]{escape(board.name)}[/bold]")
    for note in board.notes:
        console.print(Text(note, style="yellow"))
    for fact in facts(board):
        console.print(Text(fact, style="dim"))
    console.print(_table(board, console.width))
    for line in board.lines:
        if line.reason:
            console.print(Text(f"✗ {line.title}: {line.reason}", style="red" if not line.ok else "yellow"))


def _table(board: Board, width: int) -> Table:
    columns = columns_for(board.lines, width)
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold", row_styles=["", "on grey7"])
    for column in columns:
        table.add_column(
            column.title, justify="right" if column.numeric else "left", no_wrap=column.numeric, overflow="fold"
        )
    for line in board.lines:
        table.add_row(*(_cell(column, line) for column in columns), style="" if line.ok else "red")
    return table


def _cell(column: Column, line: Line) -> Text:
    """The text of a cell; the best, and what cannot be told from it, stands out."""
    return Text(column.text(line), style="bold green" if line.rank == 1 and column.title in ("#", "accuracy") else "")
