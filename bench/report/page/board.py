"""One leaderboard, as the page has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.board.advice import advice
from bench.board.facts import facts
from bench.board.family import Family
from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions, best_of_each_recipe
from bench.recommend.prices import price_table
from bench.report.dataset_page import DatasetPage
from bench.report.page.compression import family_document
from bench.report.page.contested import Texts
from bench.report.page.dataset import dataset
from bench.report.page.evidence import calibration, confident_mistakes, learning
from bench.report.page.few_labels import few_labels
from bench.report.page.judged import judged
from bench.report.page.lines import line_document, threads
from bench.report.page.pairs import pairs
from bench.report.page.sweeps import sweeps


def board_document(
    board: Board,
    predictions: Predictions,
    families: Sequence[Family],
    texts: Mapping[str, str],
    remark: str,
    data: DatasetPage | None,
) -> dict[str, Any]:
    """Everything of it. `texts` are those of the test by id, with a `remark` on them."""
    held = Inference(board.models, predictions, board.metric, "validation")
    found = advice(board, held)
    cores = threads(board.ok_lines)
    machine = price_table().cheapest(cores) if cores else None
    shown = best_of_each_recipe(board, predictions)
    return {
        "name": board.name, "dataset": board.data.dataset, "rehearsal": board.data.limit is not None,
        "metric": board.metric, "notes": board.data.notes, "facts": facts(board), "n": board.data.n_test,
        "multi": board.multi_label,
        "labels": board.data.label_names, "support": [s.support for s in _support(board)],
        "resolution": board.resolution, "threads": cores, "noise": board.noise.p50, "floor": board.floor,
        "price": f"{machine.type}, {machine.usd_per_hour:g} USD an hour, {price_table().date}" if machine else "",
        "headline": found.headline if found else "", "caveats": found.caveats if found else (),
        "lines": [line_document(line, machine, _serves(line, held)) for line in board.lines],
        "judged": judged(board, predictions),
        "pairs": pairs(board, predictions, Texts(texts, remark)),
        "families": [family_document(board, family) for family in families],
        "folds": [
            *few_labels(board), *sweeps(board), *calibration(shown), *learning(shown),
            *confident_mistakes(shown, texts, remark, bool(texts)), *dataset(data),
        ],
    }  # fmt: skip


def _support(board: Board) -> Any:
    return next((line.runs[0].label_scores for line in board.ok_lines), ())


def _serves(line: Line, held: Inference) -> str:
    """Its run that is best on validation; of those without validation the first."""
    scored = [
        (s.sample.score, -i) for i, run in enumerate(line.runs) if line.ok and (s := held.subject(line, run.run_id))
    ]
    return line.runs[-max(scored)[1]].run_id if scored else line.run_ids[0]
