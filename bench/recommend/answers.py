"""The answers for the leaderboards of a store."""

from __future__ import annotations

from dataclasses import dataclass

from bench.board.aggregate import boards, chosen
from bench.board.predictions import Predictions
from bench.board.rows import stored_rows
from bench.errors import BenchError
from bench.metrics import Metric
from bench.noise_floor import read_noise_floors
from bench.recommend.budget import Budget
from bench.recommend.candidates import field_of
from bench.recommend.choice import Recommendation, recommend
from bench.store import Store


@dataclass(frozen=True)
class Answers:
    """One a leaderboard."""

    found: list[Recommendation]
    unanswered: list[BenchError]
    """Of each leaderboard of which nothing can be chosen, why."""

    @property
    def all_fit(self) -> bool:
        """Whether a model keeps to the bounds on each."""
        return all(each.choice for each in self.found)


def answers(store: Store, dataset: str | None, budget: Budget, metric: Metric | None) -> Answers:
    """For the leaderboards of a data set, or all of the store; a `BenchError` where none can be answered for."""
    rows = stored_rows(store)
    predictions, floors = Predictions(store, rows), read_noise_floors(store.root)
    found: list[Recommendation] = []
    unanswered: list[BenchError] = []
    for board in chosen(boards(rows, predictions, floors), dataset):
        try:
            found.append(recommend(field_of(board, predictions, store, floors, budget, metric), store))
        except BenchError as error:
            unanswered.append(error)
    if not found:
        raise unanswered[0]
    return Answers(found, unanswered)
