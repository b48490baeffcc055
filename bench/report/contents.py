"""What a report shows, made of the raw files of one folder alone: whoever has the folder can make it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.board.across import Across, across
from bench.board.aggregate import boards, titles
from bench.board.family import Family, families
from bench.board.leaderboard import Board
from bench.board.predictions import Predictions, Shown, best_of_each_recipe
from bench.board.row import Row
from bench.board.rows import counted
from bench.board.rows import rows as rows_of
from bench.board.table import csv_text
from bench.confidence.storage import CONFIDENCE, Confidence
from bench.noise_floor import read_noise_floors
from bench.report import confidence, robustness
from bench.report.dataset_page import DatasetPage, dataset_page, test_texts
from bench.report.figures.few_labels import few_labels
from bench.report.figures.frontier import LATENCY, SIZE, frontier
from bench.report.figures.per_class import per_class
from bench.report.figures.style import Drawing, slug
from bench.report.page.board import board_document
from bench.report.page.document import document
from bench.report.page.html import page
from bench.report.provenance import Provenance
from bench.report.tables import markdown
from bench.robustness.evaluation import ROBUSTNESS, Robustness
from bench.search.summary import Summary, summaries
from bench.slices.evaluation import SLICES, Sliced
from bench.store import Store

if TYPE_CHECKING:
    from bench.data.describe import Description

PAGE = "index.html"
TEXT_FILES = ("results.csv", "leaderboard.md", "robustness.md", "confidence.md", PAGE)
"""What is written of the raw files, all but the figures."""
MOST_FIGURES = 20
"""Files of figures, those of the data sets included."""
Watch = Callable[[Sequence[Any], str], Iterable[Any]]
"""Wraps what is gone through, and says what it is: for a progress bar."""


def unwatched(items: Sequence[Any], what: str) -> Iterable[Any]:
    """No bar."""
    return items


@dataclass(frozen=True)
class Selection:
    """Which of the raw files of a folder a report is of, and what it says that they do not."""

    run_ids: tuple[str, ...]
    studies: tuple[str, ...]
    superseded: Mapping[str, int]
    """Older runs of the store that are left out, by leaderboard."""
    texts: bool
    """Whether texts of the data sets may stand in the page."""
    foreign: str = ""
    """What the page says of results beside these."""


@dataclass(frozen=True)
class BoardPage:
    """What a report shows of one leaderboard."""

    board: Board
    families: list[Family]
    document: dict[str, Any]
    """What the page says of it."""
    data: DatasetPage | None
    drawings: tuple[Drawing, ...]

    @property
    def stem(self) -> str:
        """Name of the figure of the data set, without its ending."""
        return f"{slug(self.board.name)}-data"


@dataclass(frozen=True)
class Contents:
    """Everything that a report shows."""

    selection: Selection
    rows: list[Row]
    pages: list[BoardPage]
    across: Across | None
    searches: list[Summary]
    provenance: Provenance
    tested: list[Robustness]
    fitted: list[Confidence]
    sliced: list[Sliced]

    @property
    def drawings(self) -> list[Drawing]:
        """Figures of results: of all, the first of every leaderboard, then the second ones, as many as a report has."""
        of_boards = [drawing for of_kind in zip_longest(*(page.drawings for page in self.pages)) for drawing in of_kind]
        ordered = [few_labels([page.board for page in self.pages]), *of_boards]
        return [drawing for drawing in ordered if drawing is not None][:MOST_FIGURES]

    @property
    def descriptions(self) -> dict[str, Description]:
        """Of the data sets that are prepared, by the names of their figures, as many as there is room for."""
        room = MOST_FIGURES - len(self.drawings)
        return dict([(page.stem, page.data.description) for page in self.pages if page.data][:room])

    @property
    def titles(self) -> dict[str, str]:
        """What the model of each run is called."""
        return titles(page.board for page in self.pages)

    def text_files(self, made_at: str) -> dict[str, str]:
        """The content of those of `TEXT_FILES` that there is something to say in, by name."""
        leaderboards = markdown([page.board for page in self.pages])
        files = {"results.csv": csv_text(counted(self.rows)), "leaderboard.md": leaderboards}
        if self.tested:
            files["robustness.md"] = robustness.markdown(self.tested, self.titles)
        if self.fitted:
            files["confidence.md"] = confidence.markdown(self.fitted, self.titles)
        return files | {PAGE: page(self.document(made_at))}

    def document(self, made_at: str) -> dict[str, Any]:
        """All that the page says."""
        return document(
            self.rows,
            [(page.board, page.document, page.families) for page in self.pages],
            self.searches,
            self.across,
            self.tested,
            self.fitted,
            self.sliced,
            self.titles,
            self.provenance,
            sum(self.selection.superseded.values()),
            self.selection.foreign,
            f"{datetime.fromisoformat(made_at):%Y-%m-%d %H:%M} UTC",
        )


def contents(root: Path, prepared: Path, selection: Selection, watch: Watch = unwatched) -> Contents:
    """Of the published folder `root`; data sets are described from their `prepared` copies, where they are there.

    Raises BenchError for a selected result that cannot be read.
    """
    store, provenance = Store(root), Provenance()
    rows = rows_of(provenance.watch(map(store.read, selection.run_ids)))
    predictions = Predictions(store, rows)
    left_out = selection.superseded
    leaderboards = [
        replace(board, superseded=left_out.get(board.name, 0))
        for board in boards(rows, predictions, read_noise_floors(root))
    ]
    return Contents(
        selection=selection,
        rows=rows,
        pages=[_page(board, predictions, prepared, selection.texts) for board in watch(leaderboards, "leaderboards")],
        across=across(leaderboards, predictions),
        searches=[summary for summary in summaries(store.searches) if summary.study in selection.studies],
        provenance=provenance,
        tested=list(ROBUSTNESS.stored(root)),
        fitted=list(CONFIDENCE.stored(root)),
        sliced=list(SLICES.stored(root)),
    )


def _page(board: Board, predictions: Predictions, prepared: Path, texts: bool) -> BoardPage:
    by_id, data, some = (
        test_texts(board, prepared) if texts else {},
        dataset_page(board, prepared),
        families(board, predictions),
    )
    return BoardPage(
        board=board,
        families=some,
        document=board_document(board, predictions, some, by_id, _remark(texts, bool(by_id)), data),
        data=data,
        drawings=_drawings(board, predictions),
    )


def _drawings(board: Board, predictions: Predictions) -> tuple[Drawing, ...]:
    """Quality against time and size, and the F1 of each label of the best of each family."""
    best: dict[str, Shown] = {}
    for shown in best_of_each_recipe(board, predictions):
        best.setdefault(shown.line.family, shown)
    found = [frontier(board, LATENCY), frontier(board, SIZE), per_class(board.name, list(best.values()))]
    return tuple(drawing for drawing in found if drawing is not None)


def _remark(allowed: bool, prepared: bool) -> str:
    """Why texts stand beside the mistakes, or why not."""
    if prepared:
        return "What many models get wrong with confidence is often a label that is wrong, or an ironic text."
    if not allowed:
        return "Row ids only: this report is made to be published, and the texts are not ours to publish."
    return "Row ids only: the data set is not prepared on this machine."
