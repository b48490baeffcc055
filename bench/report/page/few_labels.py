"""What labels are worth: the score of each model against how many of each label it was trained on."""

from __future__ import annotations

from bench.board.leaderboard import Board, Line
from bench.metrics import written
from bench.report.page.evidence import Block, Fold, chart, fold, series

Curve = dict[int | None, Line]
"""The lines of one model by the number of labels; None: all of train."""


def few_labels(board: Board) -> list[Fold]:
    """Of the models that were trained on at least two numbers of labels; nothing without one."""
    curves: dict[tuple[object, ...], Curve] = {}
    for line in board.ok_lines:
        model = line.model
        number = per_label(line)
        if number is not None or model.identity.trained_on == "train":
            curves.setdefault((model.recipe, model.identity.params, model.parent), {})[number] = line
    drawn = [lines for curve in curves.values() if len(curve.keys() - {None}) > 1 for lines in _drawn(curve)]
    metric = written(board.metric)
    note = "Means over seeds, each with texts of its own, with 95 % intervals; dotted: the same model on all of train."
    charts = [chart(f"{metric} by labels a class", "labels a class", metric, drawn, log=True)] if drawn else []
    return fold("What labels are worth", note, charts)


def per_label(line: Line) -> int | None:
    """How many texts of each label it was trained on; None for all of train, or more."""
    number, _, of = line.model.identity.trained_on.partition(" ")
    return int(number) if of == "a label" else None


def _drawn(curve: Curve) -> list[Block]:
    numbers = sorted(number for number in curve if number is not None)
    lines = [curve[number] for number in numbers]
    ends = [line.interval or (line.score, line.score) for line in lines]
    name = lines[0].title.removesuffix(lines[0].model.identity.trained_on).rstrip(" ·")
    found = [series(name, numbers, [line.score for line in lines],
                    low=[low for low, _ in ends], high=[high for _, high in ends])]  # fmt: skip
    if (whole := curve.get(None)) is not None:
        found.append(series(f"{name} on all", [numbers[0], numbers[-1]], [whole.score] * 2, dash=2, muted=True))
    return found
