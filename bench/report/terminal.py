"""Leaderboards and comparisons on a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.board.across import Across
from bench.board.advice import advice
from bench.board.comparison import Comparison
from bench.board.facts import facts
from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions
from bench.board.speed import SpeedUp
from bench.metrics import written
from bench.report.columns import MODEL, columns_for, room_for_names

MAX_LINES = 10
"""Lines of one data set where several are printed."""
VERDICTS = {
    "better": ("the second is better", "green"),
    "worse": ("the second is worse", "red"),
    "equal": ("no difference is shown", "yellow"),
}
"""As text, and in which colour."""


def print_boards(boards: Sequence[Board], predictions: Predictions, console: Console, lines: int | None = None) -> None:
    """Each data set: the answer, what to know, a line a model as wide as the screen allows, why some have failed.

    At most so many `lines` of each are shown, and how many more there are; of one data set, unless told, all.
    """
    for board in sorted(boards, key=lambda board: board.data.limit is not None):  # rehearsals last
        shown = board.lines[: lines or (None if len(boards) == 1 else MAX_LINES)]
        console.print()
        console.print(Text(board.name, style="bold"))
        if answer := _answer(board, predictions):
            console.print(Text(answer, style="green"))
        for note in board.data.notes:
            console.print(Text(note, style="yellow"))
        for fact in facts(board):
            console.print(Text(fact, style="dim"))
        console.print(_table(shown, console.width))
        for line in shown:
            if line.reason:
                console.print(Text(f"✗ {line.title}: {line.reason}", style="yellow" if line.ok else "red"))
        if hidden := len(board.lines) - len(shown):
            failed = sum(not line.ok for line in board.lines[len(shown) :])
            counted = f"{hidden} more" + (f", {failed} of them without scores" if failed else "")
            console.print(Text(f"… {counted}: python -m bench compare -d '{board.data.dataset}'", style="dim"))


def _answer(board: Board, predictions: Predictions) -> str:
    """Which model to ship; empty for a rehearsal, and where nothing is scored."""
    if board.data.limit is not None:
        return ""
    found = advice(board, Inference(board.models, predictions, board.metric, "validation"))
    return found.headline if found else ""


def print_across(compared: Across, console: Console) -> None:
    """Average ranks over data sets, and on how many each recipe is not shown to be worse than each other."""
    ranks = compared.ranks
    console.print()
    console.print(Text(f"across {ranks.datasets} data sets: {', '.join(compared.boards)}", style="bold"))
    critical = f"average ranks closer than {ranks.critical_difference:.2f} are not shown to differ (Nemenyi)"
    console.print(Text(f"{critical}; all of them together: p {ranks.p:.2g} (Friedman)", style="dim"))
    how = "each recipe by the model that is best on validation; on how many the row is not shown worse than the column"
    console.print(Text(how, style="dim"))
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in ("recipe", "rank", *compared.recipes):
        table.add_column(title, justify="left" if title == "recipe" else "right")
    for recipe, rank in zip(compared.recipes, ranks.ranks, strict=True):
        shares = [compared.shares.get((recipe, other)) for other in compared.recipes]
        table.add_row(recipe, f"{rank:.2f}", *(str(share.not_worse) if share else "" for share in shares))
    console.print(table)


def _table(lines: Sequence[Line], width: int) -> Table:
    columns = columns_for(lines, width)
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold", row_styles=["", "on grey7"])
    room = room_for_names(columns, lines, width)
    for column in columns:
        named = column.title == MODEL
        table.add_column(column.title, justify="left" if named else "right", no_wrap=not named, overflow="fold")
    for line in lines:
        name = line.title if len(line.title) <= room else line.figure
        # Nothing is emphasized: ranks are of the test split, and test chooses nothing.
        cells = (name if column.title == MODEL else column.text(line) for column in columns)
        table.add_row(*map(Text, cells), style="" if line.ok else "red")
    return table


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Scores with their difference, seeds and texts that changed sides, and the verdict."""
    console.print()
    console.print(Text(f"{comparison.board}, {comparison.n_test:,} test texts", style="bold"))
    names = f"  first   {comparison.first}\n  second  {comparison.second}"
    console.print(names, markup=False, soft_wrap=True)
    console.print(_scores(comparison))
    for line in (_seeds(comparison), _flips(comparison)):
        console.print(line, markup=False, soft_wrap=True)
    text, style = VERDICTS[comparison.verdict]
    console.print(
        Text(f"{written(comparison.metric)}: {text} ({_p_value(comparison)}); {_same(comparison)}", style=style)
    )
    console.print(Text(_speed(comparison.speed)))


def _speed(speed: SpeedUp) -> str:
    """`p50: the second is 3.10 (2.90–3.30) times faster`, or that no difference is seen, or why there is no ratio."""
    if speed.estimate is None:
        return f"p50: {speed.text}"
    ratio = f"{speed.text} times faster"
    floor = f"; less than {100 * speed.floor:.0f} % is noise" if speed.verdict == "equal" else ""
    return f"p50: {'no difference is seen, ' if speed.verdict == 'equal' else ''}the second is {ratio}{floor}"


def _scores(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    for title in ("", "first", "second", "difference", "95 % interval"):
        table.add_column(title, justify="right" if title else "left")
    for name, difference in comparison.differences.items():
        low, high = difference.estimate.interval()
        cells = (f"{difference.first:.4f}", f"{difference.second:.4f}", f"{difference.estimate.value:+.4f}")
        style = "bold" if name == comparison.metric else ""
        table.add_row(written(name, comparison.multi_label), *cells, f"{low:+.4f} to {high:+.4f}", style=style)
    return table


def _seeds(comparison: Comparison) -> str:
    first, second = comparison.seeds
    if comparison.single:
        return "one run of each: the interval is over the texts alone, and says nothing of other trainings"
    pairing = "of the same trainings, paired" if comparison.matched else "independent of each other"
    spread = {
        "own": "the interval is over texts and seeds",
        "borrowed": "the interval is over texts and seeds, the spread of a single seed taken from other models here",
        "none": "of a single run the interval is over the texts alone: nothing here tells its spread over seeds",
    }[comparison.estimate.seeds]
    return f"{len(first)} and {len(second)} seeds, {pairing}; {spread}"


def _flips(comparison: Comparison) -> str:
    flips, mean = comparison.flips, "" if comparison.single else ", mean over seeds"
    exact = f"; McNemar's exact p {flips.p_mcnemar():.2g}" if comparison.single else ""
    return f"{flips.corrections:.4g} corrections (wrong → right), {flips.regressions:.4g} regressions{mean}{exact}"


def _p_value(comparison: Comparison) -> str:
    corrected = comparison.p_corrected
    return f"p {comparison.p:.2g}" + (f", {corrected:.2g} after Holm" if corrected != comparison.p else "")


def _same(comparison: Comparison) -> str:
    shown = "the same" if comparison.equivalent else "not shown to be the same"
    return f"{shown} within {comparison.margin:g} (two one-sided tests, p {comparison.p_apart_corrected:.2g})"
