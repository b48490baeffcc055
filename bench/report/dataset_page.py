"""What a report says of a data set: read from its files and its prepared copy, where they are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bench.errors import BenchError
from bench.report.leaderboard import Board
from bench.report.plots.dataset import charts
from bench.report.plots.style import Chart
from bench.store import Store, write_atomic

if TYPE_CHECKING:
    from bench.data import Prepared
    from bench.data.describe import Description
    from bench.data.prepared import Meta


@dataclass(frozen=True)
class DatasetPage:
    """A data set as published, and as the runs used it; either may be unknown here."""

    description: Description | None
    """Of the files as published; None where they are not on this machine, or are another revision."""
    used: Meta | None
    """Of the prepared copy; None where there is none of this content."""

    def charts(self) -> list[Chart]:
        """Labels and lengths; none without a description."""
        return charts(self.description) if self.description else []


def dataset_page(board: Board, store: Store, data_dir: Path | None) -> DatasetPage | None:
    """None where nothing of the data set is on this machine."""
    prepared = find_content(board, store)
    page = DatasetPage(_description(board, prepared, data_dir), prepared.meta if prepared else None)
    return page if page.description or page.used else None


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


def _description(board: Board, prepared: Prepared | None, data_dir: Path | None) -> Description | None:
    """Read anew, or from beside the prepared copy, where it is kept: a large set takes half a minute to describe."""
    from bench.data import DatasetRef, dataset_names
    from bench.data.describe import Description, describe
    from bench.data.manifest import entry

    if board.dataset not in dataset_names():  # a user's own file, whose path a result does not hold
        return None
    if entry(board.dataset).revision != board.revision:
        return None
    kept = prepared.folder.with_name(f"{prepared.folder.name}.description.json") if prepared else None
    try:
        if kept is not None and kept.is_file():
            return Description.model_validate_json(kept.read_bytes())
        description = describe(DatasetRef(board.dataset, data_dir=data_dir))
        if kept is not None:
            write_atomic(kept, description.model_dump_json().encode())
        return description
    except (BenchError, ValidationError):  # not on this machine, damaged, or a store that cannot be written
        return None
