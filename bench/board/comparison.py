"""Two models of the store against each other, on every data set where both have scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions, Run
from bench.board.recipes import completed
from bench.board.row import Row
from bench.board.speed import SpeedUp, speed_up
from bench.errors import BenchError, did_you_mean
from bench.measure.paired import Paired, compare_paired
from bench.params import parse_recipe


@dataclass(frozen=True)
class Comparison:
    """Two models of one leaderboard."""

    board: str
    n_test: int
    first: str
    second: str
    seeds: tuple[tuple[int, int], ...]
    """Of the first and the second, as they were paired."""
    paired: Paired
    speed: SpeedUp
    """Of the second against the first."""


@dataclass(frozen=True)
class Target:
    """What a name selects on a leaderboard: a line, or one run of it."""

    line: Line
    run_id: str | None = None

    @property
    def rows(self) -> list[Row]:
        """Its rows."""
        return [row for row in self.line.runs if self.run_id in (None, row.run_id)]

    def runs(self, predictions: Predictions) -> list[Run]:
        """Its runs with what is stored of their predictions."""
        return [run for run in predictions.runs(self.line) if self.run_id in (None, run.run_id)]


def comparisons(boards: Sequence[Board], predictions: Predictions, first: str, second: str) -> list[Comparison]:
    """`first` and `second` are run ids, model names, or the start of one: a recipe with some of its parameters.

    Models are paired by seed, two single runs as they are. Raises `BenchError` where nothing can be paired.
    """
    compared = []
    for board in boards:
        targets = [_targets(board, name) for name in (first, second)]
        if all(targets):
            a, b = (_only(board, name, some) for name, some in zip((first, second), targets, strict=True))
            compared.append(_compare(board, predictions, a, b))
    if not compared:
        for name in (first, second):
            if not any(_targets(board, name) for board in boards):
                names = {n for board in boards for line in board.ok_lines for n in (line.name, line.short)}
                raise BenchError(f"no scores of '{name}', neither model nor run; {did_you_mean(name, names)}")
        raise BenchError(f"'{first}' and '{second}' have no data set in common")
    return compared


def target(board: Board, name: str) -> Target:
    """The one model, or run, that `name` selects on a board; none and several are a `BenchError`."""
    found = _targets(board, name)
    if not found:
        names = {n for line in board.ok_lines for n in (line.name, line.short)}
        raise BenchError(f"no scores of '{name}' on {board.name}; {did_you_mean(name, names)}")
    return _only(board, name, found)


def _targets(board: Board, name: str) -> list[Target]:
    """What `name` may select on a board."""
    for line in board.ok_lines:
        if name in line.run_ids:
            return [Target(line, name)]
    exact = [line for line in board.ok_lines if name in (line.name, line.title, line.short)]
    return [Target(line) for line in exact or (line for line in board.ok_lines if _matches(line, name))]


def _only(board: Board, name: str, targets: Sequence[Target]) -> Target:
    if len(targets) > 1:
        titles = "; ".join(target.line.title for target in targets)
        raise BenchError(f"'{name}' is several models on {board.name}: {titles}; name more of its parameters, or -d")
    return targets[0]


def _matches(line: Line, name: str) -> bool:
    """Whether the line is of that recipe and has those parameters; a refit goes by its whole name alone."""
    recipe, given = parse_recipe(name)
    if line.recipe != recipe or line.refit:
        return False
    params = completed(recipe, line.params)
    return all(key in params and params[key] == value for key, value in given.items())


def _compare(board: Board, predictions: Predictions, first: Target, second: Target) -> Comparison:
    names = [target.run_id or target.line.title for target in (first, second)]
    pairs = _pairs(first.runs(predictions), second.runs(predictions))
    if not pairs:
        raise BenchError(f"{board.name}: '{names[0]}' and '{names[1]}' have no seed in common; name two run ids")
    reference = pairs[0][0]
    for run in (run for pair in pairs for run in pair):
        if not len(run.ids) or not np.array_equal(run.ids, reference.ids):
            raise BenchError(f"{run.run_id}: no stored predictions of the same test texts; run it again")
    a, b = ([pair[i].probabilities for pair in pairs] for i in (0, 1))
    paired = compare_paired(reference.labels, a, b)
    seeds = tuple((x.seed, y.seed) for x, y in pairs)
    speed = speed_up(list(product(first.rows, second.rows)), board.noise)
    return Comparison(board.name, len(reference.labels), names[0], names[1], seeds, paired, speed)


def _pairs(first: Sequence[Run], second: Sequence[Run]) -> list[tuple[Run, Run]]:
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    by_seed = {run.seed: run for run in second}
    return [(run, by_seed[run.seed]) for run in first if run.seed in by_seed]


def document(comparison: Comparison, metric: str) -> dict[str, Any]:
    """For programs."""
    paired = comparison.paired
    return {
        "dataset": comparison.board, "n_test": comparison.n_test, "first": comparison.first,
        "second": comparison.second, "metric": metric, "verdict": paired.verdict(metric),
        "scores": {"first": paired.first, "second": paired.second},
        "difference": {name: interval.model_dump() for name, interval in paired.difference.items()},
        "speed_up": _speed_document(comparison.speed),
        "seeds": [
            {"first": a, "second": b, "corrections": pair.corrections, "regressions": pair.regressions, "p": pair.p}
            for (a, b), pair in zip(comparison.seeds, paired.pairs, strict=True)
        ],
    }  # fmt: skip


def _speed_document(speed: SpeedUp) -> dict[str, Any]:
    ratio = speed.estimate._asdict() if speed.estimate else None
    return {"ratio": ratio, "reason": speed.reason, "noise_floor": speed.floor, "verdict": speed.verdict}
