"""Leaderboards and comparisons on a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.board.comparison import Comparison
from bench.board.facts import facts
from bench.board.leaderboard import Board, Line
from bench.board.speed import SpeedUp
from bench.measure.paired import METRICS
from bench.report.columns import columns_for

MAX_LINES = 40
"""Lines of one data set where several are printed."""
VERDICTS = {
    "better": ("the second is better", "green"),
    "worse": ("the second is worse", "red"),
    "equal": ("no difference is seen", "yellow"),
}
"""As text, and in which colour."""


def print_boards(boards: Sequence[Board], console: Console) -> None:
    """Each data set: what to know, the table as wide as the screen allows, the failures with their reasons.

    Of several data sets the best lines alone are shown, and how many more there are; of one, all.
    """
    for board in boards:
        lines = board.lines if len(boards) == 1 else board.lines[:MAX_LINES]
        console.print()
        console.print(Text(board.name, style="bold"))
        for note in board.data.notes:
            console.print(Text(note, style="yellow"))
        for fact in facts(board):
            console.print(Text(fact, style="dim"))
        console.print(_table(lines, console.width))
        for line in lines:
            if line.reason:
                console.print(Text(f"✗ {line.title}: {line.reason}", style="yellow" if line.ok else "red"))
        if hidden := len(board.lines) - len(lines):
            failed = sum(not line.ok for line in board.lines[MAX_LINES:])
            counted = f"{hidden} more" + (f", {failed} of them without scores" if failed else "")
            console.print(Text(f"… {counted}: python -m bench compare -d '{board.data.dataset}'", style="dim"))


def _table(lines: Sequence[Line], width: int) -> Table:
    columns = columns_for(lines, width)
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold", row_styles=["", "on grey7"])
    for column in columns:
        wrapped = not column.numeric
        table.add_column(column.title, justify="left" if wrapped else "right", no_wrap=not wrapped, overflow="fold")
    for line in lines:
        emphasized = ("#", "accuracy") if line.rank == 1 else ()  # the best, and what is tied with it
        cells = [Text(column.text(line), "bold green" if column.title in emphasized else "") for column in columns]
        table.add_row(*cells, style="" if line.ok else "red")
    return table


def print_comparison(comparison: Comparison, metric: str, console: Console) -> None:
    """Scores with their difference, then the texts that changed sides, seed by seed, and the verdict."""
    console.print()
    console.print(Text(f"{comparison.board}, {comparison.n_test:,} test texts", style="bold"))
    names = f"  first   {comparison.first}\n  second  {comparison.second}"
    console.print(names, markup=False, soft_wrap=True)
    console.print(_scores(comparison, metric))
    console.print(_flips(comparison))
    verdict, style = VERDICTS[comparison.paired.verdict(metric)]
    console.print(Text(f"{metric}: {verdict}", style=style))
    console.print(Text(_speed(comparison.speed)))


def _speed(speed: SpeedUp) -> str:
    """`p50: the second is 3.10 (2.90–3.30) times faster`, or that no difference is seen, or why there is no ratio."""
    if speed.estimate is None:
        return f"p50: {speed.text}"
    ratio = f"{speed.text} times faster"
    floor = f"; less than {100 * speed.floor:.0f} % is noise" if speed.verdict == "equal" else ""
    return f"p50: {'no difference is seen, ' if speed.verdict == 'equal' else ''}the second is {ratio}{floor}"


def _scores(comparison: Comparison, metric: str) -> Table:
    paired, table = comparison.paired, Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    for title in ("", "first", "second", "difference", "95 % interval"):
        table.add_column(title, justify="right" if title else "left")
    for name in METRICS:
        gap = paired.difference[name]
        cells = (paired.first[name], paired.second[name])
        interval = f"{gap.low:+.4f} to {gap.high:+.4f}"
        style = "bold" if name == metric else ""
        table.add_row(name, *(f"{cell:.4f}" for cell in cells), f"{gap.value:+.4f}", interval, style=style)
    return table


def _flips(comparison: Comparison) -> Table:
    """Of each pair of seeds, how many predictions flipped."""
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    for title in ("seed", "corrections (wrong → right)", "regressions (right → wrong)", "McNemar p (Holm)"):
        table.add_column(title, justify="right" if title != "seed" else "left")
    for (a, b), pair in zip(comparison.seeds, comparison.paired.pairs, strict=True):
        table.add_row(str(a) if a == b else f"{a}, {b}", str(pair.corrections), str(pair.regressions), f"{pair.p:.2g}")
    return table
