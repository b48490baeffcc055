"""What one parameter of a compression does: the score over its values, everything else alike."""

from __future__ import annotations

from collections.abc import Sequence

from bench.board.leaderboard import Board, Line
from bench.board.recipes import completed
from bench.identity import canonical
from bench.metrics import written
from bench.report.page.evidence import Block, Fold, chart, fold, series

MIN_VALUES = 3
"""Values of a parameter that make a sweep."""
Tried = dict[str, dict[tuple[object, ...], list[tuple[float, Line]]]]


def sweeps(board: Board) -> list[Fold]:
    """The parameters of which at least three values were tried on one parent, all others alike."""
    metric, charts = written(board.metric), []
    for parameter, groups in sorted(_tried(board).items()):
        name = parameter.replace("_", " ")
        if lines := [one for of in groups.values() if len(of) >= MIN_VALUES for one in _curve(of, board)]:
            charts.append(chart(f"{metric} by {name}", name, metric, lines))
    return fold("What single parameters do", "Means over seeds with 95 % intervals; dotted: the parent.", charts)


def _tried(board: Board) -> Tried:
    tried: Tried = {}
    for line in board.ok_lines:
        if line.model.parent is None:
            continue
        params = completed(line.recipe, line.params)
        for name, value in params.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                others = {key: other for key, other in params.items() if key != name}
                group = (line.recipe, line.model.parent, line.refit, canonical(others))
                tried.setdefault(name, {}).setdefault(group, []).append((float(value), line))
    return tried


def _curve(values: Sequence[tuple[float, Line]], board: Board) -> list[Block]:
    ordered = sorted(values, key=lambda pair: pair[0])
    xs, lines = [x for x, _ in ordered], [line for _, line in ordered]
    ends = [line.interval or (line.score, line.score) for line in lines]
    above = next((other for other in board.ok_lines if other.model == lines[0].model.parent), None)
    origin = above.title if above else lines[0].names.origins[0]
    found = [series(f"{lines[0].recipe} of {origin}", xs, [line.score for line in lines], family=lines[0].family,
                    low=[low for low, _ in ends], high=[high for _, high in ends])]  # fmt: skip
    if above:
        found.append(series(f"{origin} itself", [xs[0], xs[-1]], [above.score] * 2, dash=2, muted=True))
    return found
