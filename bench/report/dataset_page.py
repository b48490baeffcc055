"""What a report says of a data set: read from its prepared copy, where there is one on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.report.leaderboard import Board
from bench.report.plots.style import Drawing
from bench.store import Store


@dataclass(frozen=True)
class DatasetPage:
    drawing: Drawing | None


def dataset_page(board: Board, store: Store, data_dir: Path | None) -> DatasetPage | None:
    return None


def test_texts(board: Board, store: Store, data_dir: Path | None) -> dict[str, str]:
    return {}
