"""What was tried on each data set and what validation said of it, as Markdown: what the choice of models rests on."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.board.aggregate import boards
from bench.board.leaderboard import Board, Line
from bench.board.model import Model
from bench.board.predictions import Predictions
from bench.board.rows import EmptyStoreError, rows
from bench.schema import Result
from bench.spec import RunSpec
from bench.store import Store


@dataclass(frozen=True)
class Tried:
    """One model on one data set."""

    line: Line
    scores: tuple[float, ...]
    """On validation by the data set's metric, one a seed; none for a refit and a failure."""
    seconds: float | None
    """Of training, the mean over seeds."""
    chosen: bool
    """Whether the suite has it."""


def findings(store: Store, suite: Sequence[RunSpec]) -> dict[str, str]:
    """A page a data set, by its name; `suite` has the runs that were chosen."""
    results = {result.run_id: result for result in store.read_all()}
    if not results:
        raise EmptyStoreError(f"no results in the store {store.place}; run some first: python -m bench run quick")
    all_rows = rows(results.values())
    chosen = {(spec.dataset.name, _model(spec)) for spec in suite}
    pages = {}
    for board in boards(all_rows, Predictions(store, all_rows)):
        if board.data.limit is None and any(line.ok for line in board.lines):
            pages[board.data.dataset] = _page(board, [_tried(line, board, results, chosen) for line in board.lines])
    return pages


def _model(spec: RunSpec) -> Model:
    parents = [parent for parent in spec.parents if not isinstance(parent, str)]
    return Model(spec.identity.model, tuple(map(_model, parents)), spec.params, spec.variant)


def _tried(line: Line, board: Board, results: Mapping[str, Result], chosen: Collection[tuple[str, Model]]) -> Tried:
    runs = [results[run_id] for run_id in line.run_ids] if line.ok else []
    scores = [float(getattr(run.validation, line.metric)) for run in runs if run.validation]
    seconds = [run.outcome.train_seconds for run in runs if run.outcome.train_seconds is not None]
    mean = statistics.fmean(seconds) if seconds else None
    return Tried(line, tuple(scores), mean, (board.data.dataset, line.model) in chosen)


def _page(board: Board, tried: Sequence[Tried]) -> str:
    metric, n = board.lines[0].metric.replace("_", " "), board.data.n_validation
    texts = f", {n:,} texts" if n else ""
    lines = [
        f"# {board.data.dataset}: what was tried",
        "",
        f"Every model that was trained, and its {metric} on validation{texts}. Choices rest on this column alone; test "
        "scores stand in the leaderboard. A mark: the model is in the suite `published`. Made by "
        "`python -m bench findings`.",
        "",
    ]
    recipes = dict.fromkeys(each.line.recipe for each in tried)
    for recipe in recipes:
        some = sorted((each for each in tried if each.line.recipe == recipe), key=_order)
        header = f"| model | seeds | {metric} | ± over seeds | training | |"
        lines += [f"## {recipe}", "", header, "|---|---|---|---|---|---|"]
        lines += [_row(each) for each in some] + [""]
    return "\n".join(lines)


def _order(tried: Tried) -> tuple[float, str]:
    return -statistics.fmean(tried.scores) if tried.scores else 1.0, tried.line.lineage


def _row(tried: Tried) -> str:
    scores, name = tried.scores, tried.line.lineage.replace("|", "\\|")
    if not tried.line.ok:
        return f"| {name} | – | {tried.line.status} | | | |"
    mean = f"{statistics.fmean(scores):.4f}" if scores else "–"
    spread = f"{statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
    seconds, mark = tried.seconds, "✓" if tried.chosen else ""
    took = "" if seconds is None else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"| {name} | {len(tried.line.seeds)} | {mean} | {spread} | {took} | {mark} |"
