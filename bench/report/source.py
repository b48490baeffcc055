"""Where the rows of a report come from: a store that holds something."""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import NOTHING_RAN, BenchError, did_you_mean
from bench.report.aggregate import Row, rows
from bench.report.leaderboard import Board
from bench.store import Store


class EmptyStoreError(BenchError):
    """Nothing has been run yet."""

    exit_code = NOTHING_RAN


def stored_rows(store: Store) -> list[Row]:
    """The rows of every stored result; an empty store is an error that says what to run first."""
    found = rows(store.documents())
    if not found:
        raise EmptyStoreError(f"no results in the store {store.root}; run some first: python -m bench run quick")
    return found


def chosen(boards: Sequence[Board], dataset: str | None) -> list[Board]:
    """The leaderboards of one data set, of all where None is named."""
    found = [board for board in boards if dataset is None or board.dataset == dataset]
    if not found:
        raise BenchError(
            f"no results on data set '{dataset}'; {did_you_mean(str(dataset), {board.dataset for board in boards})}"
        )
    return found
