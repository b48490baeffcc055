"""What labels are worth: the score of each model against how many of each label it was trained on."""

from __future__ import annotations

from bench.board.few_labels import Curve, curves
from bench.board.leaderboard import Board
from bench.metrics import written
from bench.report.page.evidence import Block, Fold, chart, fold, series


def few_labels(board: Board) -> list[Fold]:
    """Of the models that were trained on at least two numbers of labels; nothing without one."""
    drawn = [lines for curve in curves(board) for lines in _drawn(curve)]
    metric = written(board.metric)
    note = "Means over seeds, each with texts of its own, with 95 % intervals; dotted: the same model on all of train."
    charts = [chart(f"{metric} by labels a class", "labels a class", metric, drawn, log=True)] if drawn else []
    return fold("What labels are worth", note, charts)


def _drawn(curve: Curve) -> list[Block]:
    numbers, lines = list(curve.lines), list(curve.lines.values())
    ends = [line.interval or (line.score, line.score) for line in lines]
    found = [series(curve.name, numbers, [line.score for line in lines],
                    low=[low for low, _ in ends], high=[high for _, high in ends])]  # fmt: skip
    if curve.whole is not None:
        found.append(
            series(f"{curve.name} on all", [numbers[0], numbers[-1]], [curve.whole.score] * 2, dash=2, muted=True)
        )
    return found
