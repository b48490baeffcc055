"""A data set as a report shows it: read from its prepared copy, where the store has one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.board.leaderboard import Board
from bench.data.prepared import find_content
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.data.describe import Description
    from bench.data.prepared import Meta


@dataclass(frozen=True)
class DatasetPage:
    """A data set as published, and as the runs used it."""

    description: Description
    used: Meta


def dataset_page(board: Board, copies: Path) -> DatasetPage | None:
    """None where the data set is not prepared in `copies`, or its copy is damaged."""
    prepared = find_content(copies, board.data.content)
    try:
        return DatasetPage(prepared.description(), prepared.meta) if prepared else None
    except BenchError:
        return None


def test_texts(board: Board, copies: Path) -> dict[str, str]:
    """The test texts by id, empty where the data set is not prepared in `copies`, or its copy is damaged."""
    prepared = find_content(copies, board.data.content)
    try:
        return dict(zip(*prepared.test_texts(), strict=True)) if prepared else {}
    except BenchError:
        return {}
