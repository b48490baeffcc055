"""The models of a leaderboard by each metric: scores with intervals, ties, the order on validation, chances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.board.advice import choice
from bench.board.inference import Inference, Subject
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions
from bench.board.ties import ranked
from bench.metrics import AnyMetric, written
from bench.report.page import packed
from bench.report.page.lines import standin
from bench.stats.estimate import MARGIN

DRAWS = 200
"""Of the joint bootstrap that the page counts in: a chance is known to 3.5 %."""


def judged(board: Board, predictions: Predictions) -> dict[str, Any]:
    """By metric, columns in the order of the board's lines; null where nothing is stored."""
    return {metric: _by(board, predictions, metric) for metric in board.metrics}


def _by(board: Board, predictions: Predictions, metric: AnyMetric) -> dict[str, Any]:
    test = Inference(board.ok_lines, predictions, metric)
    held = Inference(board.models, predictions, metric, "validation")
    own = board.lines if metric == board.metric else _again(board, test, metric)
    places = {line.run_ids: i for i, line in enumerate(own)}
    lines = [own[places[line.run_ids]] for line in board.lines]
    return {
        "label": written(metric, board.multi_label),
        "score": [line.score if line.ok else None for line in lines],
        "interval": [line.interval if line.ok else None for line in lines],
        "seeds": [line.standing.score.seeds if line.standing else "none" for line in lines],
        "behind": [_behind(line) for line in lines],
        "tied": [line.rank == 1 for line in lines],
        "validation": [s.sample.score if line.ok and (s := held.subject(line)) else None for line in lines],
        "draws": _draws(test, board.lines if metric == board.metric else ()),
        "picks": _picks(board, held),
        "why": chosen.reason if (chosen := choice(board, held)) else "",
        "instead": _instead(board, held),
    }


def _again(board: Board, test: Inference, metric: AnyMetric) -> tuple[Line, ...]:
    return ranked([replace(line, metric=metric, standing=None, rank=None) for line in board.lines], test)


def _behind(line: Line) -> list[float] | None:
    """Less the best, with the interval that all pairs hold together."""
    standing = line.standing
    if not standing or not standing.behind or not standing.behind_interval:
        return None
    return [standing.behind.value, *standing.behind_interval]


def _draws(test: Inference, lines: Sequence[Line]) -> dict[str, Any]:
    """Scores drawn anew of those lines that have predictions, whole draws one after another."""
    known = [i for i, line in enumerate(lines) if line.ok and test.subject(line)]
    if len(known) < 2:
        return {"lines": known, "scores": ""}
    drawn = test.resampled([lines[i] for i in known])[:, :DRAWS]
    return {"lines": known, "scores": packed.int16(drawn.T)}


def _order(board: Board, held: Inference) -> list[tuple[int, Line, Subject]]:
    """On validation, the best first."""
    found = [(i, line, s) for i, line in enumerate(board.lines) if line.ok and (s := held.subject(line))]
    return sorted(found, key=lambda each: (-each[2].sample.score, each[1].title))


def _picks(board: Board, held: Inference) -> dict[str, int]:
    """Answers to the usual questions, all on validation; what is there for comparison is no answer to most."""
    chosen = choice(board, held)
    order = [each for each in _order(board, held) if not standin(each[1])]
    if chosen is None or not order:
        return {}
    best = order[0][2]
    near = [line for line in chosen.near if not standin(line)]
    kept = [
        line for _, line, s in order if s is best or held.difference(best, s).p_beyond(MARGIN) < held.level(best, s)
    ]
    answers = {
        "accurate": order[0][1], "fastest": chosen.line, "smallest": _smallest(near), "lossless": _smallest(kept),
    }  # fmt: skip
    places = {line.run_ids: i for i, line in enumerate(board.lines)}
    return {name: places[line.run_ids] for name, line in answers.items() if line}


def _smallest(lines: Sequence[Line]) -> Line | None:
    known = [line for line in lines if line.values.bytes_on_disk is not None]
    return min(known, key=lambda line: line.values.bytes_on_disk or 0.0, default=None)


def _instead(board: Board, held: Inference) -> dict[int, list[int]]:
    """Of each control, and of the floor: the models that are not shown to be worse on validation, the best first."""
    order = _order(board, held)
    standins = [each for each in order if standin(each[1])]
    meant = [each for each in order if not standin(each[1])]
    return {
        i: [j for j, _, other in meant if held.difference(subject, other).p_zero() >= held.level(subject, other)]
        for i, _, subject in standins
    }
