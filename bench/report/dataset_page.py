"""What a report says of a data set: read from its prepared copy, where it is in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.board.leaderboard import Board
from bench.errors import BenchError
from bench.report.plots.dataset import charts
from bench.report.plots.style import Chart
from bench.store import Store

if TYPE_CHECKING:
    from bench.data import Prepared
    from bench.data.describe import Description
    from bench.data.prepared import Meta


@dataclass(frozen=True)
class DatasetPage:
    """A data set as published, and as the runs used it."""

    description: Description
    used: Meta

    def charts(self) -> list[Chart]:
        """Labels and lengths."""
        return charts(self.description)


def dataset_page(board: Board, store: Store) -> DatasetPage | None:
    """None where the data set is not prepared in this store, or its copy is damaged."""
    prepared = find_content(board, store)
    try:
        return DatasetPage(prepared.description(), prepared.meta) if prepared else None
    except BenchError:
        return None


def test_texts(board: Board, store: Store) -> dict[str, str]:
    """The test texts by id, empty where the data set is not prepared on this machine."""
    prepared = find_content(board, store)
    return dict(zip(*prepared.test_texts(), strict=True)) if prepared else {}


def find_content(board: Board, store: Store) -> Prepared | None:
    """The prepared copy whose test rows are those that the board's runs were scored on, whatever it was named."""
    from bench.data import Prepared

    for path in sorted(store.prepared.glob("*/meta.json")):
        try:
            prepared = Prepared.open(path.parent)
        except BenchError:  # damaged or half removed: a report does without
            continue
        if prepared.test_hash == board.content:
            return prepared
    return None
