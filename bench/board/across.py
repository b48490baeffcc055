"""Recipes over several data sets, each by the model of it that validation chooses on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from bench.board.inference import Inference, Subject
from bench.board.leaderboard import Board
from bench.board.predictions import Predictions
from bench.stats.ranks import AverageRanks, average_ranks

LEAST_RECIPES, LEAST_BOARDS = 3, 2
"""Fewer have no ranks to compare."""


class Share(NamedTuple):
    """On how many boards a recipe is not shown to be worse than another, of those that have both."""

    not_worse: int
    boards: int


@dataclass(frozen=True)
class Across:
    """The recipes that all of these boards have, the best on average first."""

    recipes: tuple[str, ...]
    boards: tuple[str, ...]
    ranks: AverageRanks
    """In the order of `recipes`, by the data sets' own metrics."""
    shares: dict[tuple[str, str], Share]
    """Of the first of a pair against the second, by each board's corrected paired test."""


def across(boards: Sequence[Board], predictions: Predictions) -> Across | None:
    """Over whole data sets, one board each, that have three recipes or more; None where two do not share as many."""
    whole = {board.data.dataset: board for board in reversed(boards) if board.data.limit is None}
    chosen = {name: _Chosen.of(whole[name], predictions) for name in sorted(whole)}
    chosen = {name: some for name, some in chosen.items() if len(some.subjects) >= LEAST_RECIPES}
    shared = sorted(set.intersection(*(set(some.subjects) for some in chosen.values()))) if chosen else []
    if len(chosen) < LEAST_BOARDS or len(shared) < LEAST_RECIPES:
        return None
    scores = np.array([[some.subjects[recipe].sample.score for recipe in shared] for some in chosen.values()])
    ranks = average_ranks(scores)
    order = sorted(range(len(shared)), key=lambda i: (ranks.ranks[i], shared[i]))
    recipes = tuple(shared[i] for i in order)
    ordered = AverageRanks(tuple(ranks.ranks[i] for i in order), ranks.datasets, ranks.p, ranks.critical_difference)
    shares = {(a, b): _share(list(chosen.values()), a, b) for a, b in permutations(recipes, 2)}
    return Across(recipes, tuple(chosen), ordered, shares)


@dataclass(frozen=True)
class _Chosen:
    """One model a recipe, on one board."""

    inference: Inference
    subjects: dict[str, Subject]

    @classmethod
    def of(cls, board: Board, predictions: Predictions) -> _Chosen:
        """Those of the highest score on validation; what has none there has no say."""
        test = Inference(board.ok_lines, predictions, board.metric)
        validation = Inference(board.ok_lines, predictions, board.metric, "validation")
        best: dict[str, tuple[float, Subject]] = {}
        for line in board.ok_lines:
            held, subject = validation.subject(line), test.subject(line)
            if held and subject and held.sample.score > best.get(line.recipe, (-1.0, subject))[0]:
                best[line.recipe] = held.sample.score, subject
        return cls(test, {recipe: subject for recipe, (_, subject) in best.items()})


def _share(chosen: Sequence[_Chosen], first: str, second: str) -> Share:
    worse = 0
    for some in chosen:
        pair = some.subjects[second], some.subjects[first]
        gap = some.inference.difference(*pair)
        worse += gap.value < 0 and gap.p_zero() < some.inference.level(*pair)
    return Share(len(chosen) - worse, len(chosen))


def document(found: Across) -> dict[str, Any]:
    """The average ranks for programs; `not_worse` of the first of a pair against the second."""
    ranks = found.ranks
    return {
        "datasets": found.boards,
        "recipes": [{"recipe": name, "rank": rank} for name, rank in zip(found.recipes, ranks.ranks, strict=True)],
        "friedman_p": ranks.p, "critical_difference": ranks.critical_difference,
        "pairs": [{"first": a, "second": b, **share._asdict()} for (a, b), share in found.shares.items()],
    }  # fmt: skip
