"""All that the page says, as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.board.across import Across
from bench.board.family import Family
from bench.board.leaderboard import Board
from bench.board.row import Row
from bench.board.vocabulary import FAMILIES
from bench.confidence.storage import Confidence
from bench.palette import FAMILY_LOOKS, FAMILY_NAMES
from bench.report.page import behind
from bench.report.page.compression import techniques
from bench.report.page.making import making
from bench.report.page.runs import runs_document
from bench.report.page.searches import search
from bench.report.provenance import Provenance
from bench.robustness.evaluation import Robustness
from bench.search.summary import Summary
from bench.slices.evaluation import Sliced


def document(
    rows: Sequence[Row],
    boards: Sequence[tuple[Board, dict[str, Any], list[Family]]],
    searches: Sequence[Summary],
    compared: Across | None,
    tested: Sequence[Robustness],
    fitted: Sequence[Confidence],
    sliced: Sequence[Sliced],
    titles: Mapping[str, str],
    provenance: Provenance,
    superseded: int,
    foreign: str,
    made: str,
) -> dict[str, Any]:
    """Of the leaderboards with their own documents and families; `titles` name the models of runs, `made` says when."""
    return {
        "made": made,
        "superseded": superseded,
        "foreign": foreign,
        "looks": {name: [FAMILY_NAMES[name], *FAMILY_LOOKS[name]] for name in FAMILIES},
        "boards": [own for _, own, _ in boards],
        "techniques": techniques([(board, families) for board, _, families in boards if board.data.limit is None]),
        "folds": [
            *behind.ranks(compared), *behind.behaviour(tested, titles), *behind.sliced(sliced, titles),
            *behind.sureness(fitted, titles),
            *(fold for summary in searches for fold in search(summary)), 
            *behind.environments(provenance), *behind.columns(),
        ],
        "making": making([line for board, _, _ in boards for line in board.lines], {row.run_id: row for row in rows}),
        "runs": runs_document(rows, provenance.logs),
    }  # fmt: skip
