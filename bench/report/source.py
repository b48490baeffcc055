"""Where the rows of a report come from: a store that holds something."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.errors import NOTHING_RAN, BenchError, did_you_mean
from bench.report.aggregate import Document, Row, rows
from bench.report.leaderboard import Board
from bench.store import Store


class EmptyStoreError(BenchError):
    """Nothing has been run yet."""

    exit_code = NOTHING_RAN


def stored_rows(store: Store, watch: Callable[[Iterable[Document]], Iterable[Document]] = iter) -> list[Row]:
    """The rows of every stored result; an empty store is an error that says what to run first.

    `watch` sees each document as it streams by.
    """
    found = rows(watch(store.documents()))
    if not found:
        raise EmptyStoreError(f"no results in the store {store.root}; run some first: python -m bench run quick")
    return found


def chosen(boards: Sequence[Board], dataset: str | None) -> list[Board]:
    """The leaderboards of one data set, of all where None is named."""
    found = [board for board in boards if dataset is None or board.dataset == dataset]
    if not found:
        known = {board.dataset for board in boards}
        raise BenchError(f"no results on data set '{dataset}'; {did_you_mean(str(dataset), known)}")
    return found
