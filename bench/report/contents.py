"""What a report shows, made of the raw files of one folder alone: whoever has the folder can make it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.board.across import across
from bench.board.advice import advice
from bench.board.aggregate import boards
from bench.board.facts import facts
from bench.board.family import families
from bench.board.inference import Inference
from bench.board.leaderboard import Board
from bench.board.mistakes import mistakes
from bench.board.predictions import Predictions, best_of_each_recipe
from bench.board.row import Row
from bench.board.rows import counted
from bench.board.rows import rows as rows_of
from bench.board.table import csv_text
from bench.confidence import storage as confidences
from bench.confidence.storage import Confidence
from bench.noise_floor import read_noise_floors
from bench.palette import Palette
from bench.report import confidence, robustness
from bench.report.dataset_page import dataset_page, test_texts
from bench.report.html import BoardPage, render, strip_axis
from bench.report.plots.across import Ranks
from bench.report.plots.confusion import confusion
from bench.report.plots.frontier import LATENCY, SIZE, frontier
from bench.report.plots.learning import learning
from bench.report.plots.per_class import per_class
from bench.report.plots.reliability import reliability
from bench.report.plots.style import Drawing, slug
from bench.report.plots.sweep import sweeps
from bench.report.provenance import Provenance
from bench.report.search_page import SearchPage, search_pages
from bench.report.tables import markdown
from bench.robustness import storage as behaviours
from bench.robustness.evaluation import Robustness
from bench.store import Store

if TYPE_CHECKING:
    from bench.data.describe import Description

TEXT_FILES = ("results.csv", "leaderboard.md", "robustness.md", "confidence.md", "report.html")
"""What is written of the raw files, all but the figures."""
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
class Contents:
    """Everything that a report shows."""

    selection: Selection
    rows: list[Row]
    boards: list[Board]
    pages: list[BoardPage]
    ranks: Ranks | None
    searches: list[SearchPage]
    palette: Palette
    provenance: Provenance
    tested: list[Robustness]
    fitted: list[Confidence]

    @property
    def drawings(self) -> list[Drawing]:
        """All figures but those of the data sets."""
        of_boards = [drawing for page in self.pages for drawing in page.drawings]
        of_searches = [drawing for search in self.searches for drawing in search.drawings]
        return [*of_boards, *([self.ranks] if self.ranks else []), *of_searches]

    @property
    def descriptions(self) -> dict[str, Description]:
        """Of the data sets that are prepared, by the names of their figures."""
        return {page.stem: page.data.description for page in self.pages if page.data}

    def text_files(self, made_at: str) -> dict[str, str]:
        """The content of those of `TEXT_FILES` that there is something to say in, by name."""
        files = {"results.csv": csv_text(counted(self.rows)), "leaderboard.md": markdown(self.boards)}
        if self.tested:
            files["robustness.md"] = robustness.markdown(self.tested)
        if self.fitted:
            files["confidence.md"] = confidence.markdown(self.fitted)
        return files | {"report.html": self._page(made_at)}

    def _page(self, made_at: str) -> str:
        return render(
            self.rows,
            self.pages,
            self.searches,
            self.palette,
            self.provenance,
            f"{datetime.fromisoformat(made_at):%Y-%m-%d %H:%M} UTC",
            self.selection.foreign,
            self.ranks,
            superseded=sum(self.selection.superseded.values()),
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
    palette = Palette.of(line for board in leaderboards for line in board.lines)
    compared = across(leaderboards, predictions)
    return Contents(
        selection=selection,
        rows=rows,
        boards=leaderboards,
        pages=[
            _page(board, predictions, prepared, palette, selection.texts)
            for board in watch(leaderboards, "leaderboards")
        ],
        ranks=Ranks(compared) if compared else None,
        searches=[page for page in search_pages(store) if page.summary.study in selection.studies],
        palette=palette,
        provenance=provenance,
        tested=list(behaviours.stored(root)),
        fitted=list(confidences.stored(root)),
    )


def _page(board: Board, predictions: Predictions, prepared: Path, palette: Palette, texts: bool) -> BoardPage:
    shown = best_of_each_recipe(board, predictions)
    by_id = test_texts(board, prepared) if texts else {}
    return BoardPage(
        board=board,
        anchor=f"board-{slug(board.name)}",
        facts=facts(board),
        advice=advice(board, Inference(board.ok_lines, predictions, board.metric, "validation")),
        axis=strip_axis(board),
        frontiers=tuple(f for cost in (LATENCY, SIZE) if (f := frontier(board, cost, palette)) is not None),
        families=families(board, predictions),
        sweeps=sweeps(board),
        per_class=per_class(board.name, shown, palette),
        confusion=confusion(board.name, shown),
        reliability=reliability(board.name, shown, palette),
        learning=learning(board.name, shown, palette),
        mistakes=mistakes(shown, by_id),
        mistaken=shown[0].line.title if shown else "",
        mistakes_remark=_remark(texts, bool(by_id)),
        texts=texts,
        with_texts=bool(by_id),
        data=dataset_page(board, prepared),
    )


def _remark(allowed: bool, prepared: bool) -> str:
    """Why texts stand beside the mistakes, or why not."""
    if prepared:
        return "What many models get wrong with confidence is often a label that is wrong, or an ironic text."
    if not allowed:
        return "Row ids only: this report is made to be published, and the texts are not ours to publish."
    return "Row ids only: the data set is not prepared on this machine."
