"""What was tried on each data set and what validation said of it, as Markdown: what the choice of models rests on.

A page remembers: a model that a store has fewer seeds of than the page, or none, keeps the row it had.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class _Row(NamedTuple):
    """The cells of a model's row, under its recipe's heading."""

    recipe: str
    model: str
    seeds: str
    score: str
    spread: str
    training: str
    mark: str


def findings(store: Store, suite: Sequence[RunSpec], before: Mapping[str, str]) -> dict[str, str]:
    """A page a data set, by its name; `suite` has the runs that were chosen, `before` the pages as they stand."""
    results = {result.run_id: result for result in store.read_all()}
    if not results:
        raise EmptyStoreError(f"no results in the store {store.place}; run some first: python -m bench run quick")
    all_rows = rows(results.values())
    chosen = {(spec.dataset.name, _model(spec)) for spec in suite}
    pages = {}
    for board in boards(all_rows, Predictions(store, all_rows)):
        if board.data.limit is None and any(line.ok for line in board.lines):
            tried = [_tried(line, board, results, chosen) for line in board.lines if _named(line.model)]
            pages[board.data.dataset] = _page(board, tried, before.get(board.data.dataset, ""))
    return pages


def _named(model: Model) -> bool:
    """Whether all that it comes from is stored; else a page has it under its name of before, or nobody can tell it."""
    return all(each.identity.params for each in model.family())


def _model(spec: RunSpec) -> Model:
    parents = [parent for parent in spec.parents if not isinstance(parent, str)]
    return Model(spec.identity.model, tuple(map(_model, parents)), spec.params, spec.variant)


def _tried(line: Line, board: Board, results: Mapping[str, Result], chosen: Collection[tuple[str, Model]]) -> Tried:
    runs = [results[run_id] for run_id in line.run_ids] if line.ok else []
    scores = [float(getattr(run.validation, line.metric)) for run in runs if run.validation]
    seconds = [run.outcome.train_seconds for run in runs if run.outcome.train_seconds is not None]
    mean = statistics.fmean(seconds) if seconds else None
    return Tried(line, tuple(scores), mean, (board.data.dataset, line.model) in chosen)


def _page(board: Board, tried: Sequence[Tried], before: str) -> str:
    metric, n = board.lines[0].metric.replace("_", " "), board.data.n_validation
    texts = f", {n:,} texts" if n else ""
    lines = [
        f"# {board.data.dataset}: what was tried",
        "",
        f"Every model that was trained, and its {metric} on validation{texts}. Choices rest on this column alone; test "
        "scores stand in the leaderboard. A mark: the model is in the suite `published`. A model whose runs are no "
        "longer stored keeps its row. Made by `python -m bench findings`.",
        "",
    ]
    header = f"| model | seeds | {metric} | ± over seeds | training | |"
    all_rows = _remembered([_row(each) for each in tried], _read(before) if header in before else [])
    for recipe in dict.fromkeys(row.recipe for row in all_rows):
        lines += [f"## {recipe}", "", header, "|---|---|---|---|---|---|"]
        lines += ["| " + " | ".join(row[1:]) + " |" for row in all_rows if row.recipe == recipe] + [""]
    return "\n".join(lines)


def _read(page: str) -> list[_Row]:
    """The rows of a page, as `_page` wrote them."""
    found, recipe = [], ""
    for line in page.splitlines():
        recipe = line.removeprefix("## ") if line.startswith("## ") else recipe
        if line.startswith("| ") and not line.startswith("| model | "):
            found.append(_Row(recipe, *(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])))
    return found


def _remembered(stored: Sequence[_Row], before: Iterable[_Row]) -> list[_Row]:
    """All rows, the best first; of two of one model the one of more seeds, or the stored one."""
    seeds = {_key(row): _number(row.seeds) for row in stored}
    kept = {_key(row): row for row in before if _key(row) not in seeds or _number(row.seeds) > seeds[_key(row)]}
    all_rows = [kept.pop(_key(row), row) for row in stored] + list(kept.values())
    recipes = list(dict.fromkeys(row.recipe for row in all_rows))
    return sorted(all_rows, key=lambda row: (recipes.index(row.recipe), -_number(row.score), row.model))


def _key(row: _Row) -> tuple[str, ...]:
    """A model's name with its parameters sorted: a release may write them in another order than the page does."""
    return tuple(",".join(sorted(re.split(r"[\[\],]+", made_of))) for made_of in row.model.split(" ← "))


def _number(cell: str) -> float:
    """Of a cell; a failure's and a refit's have none, and stand last."""
    return float(cell) if re.fullmatch(r"[\d.]+", cell) else -1.0


def _row(tried: Tried) -> _Row:
    scores, name = tried.scores, tried.line.lineage.replace("|", "\\|")
    if not tried.line.ok:
        return _Row(tried.line.recipe, name, "–", tried.line.status, "", "", "")
    mean = f"{statistics.fmean(scores):.4f}" if scores else "–"
    spread = f"{statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
    seconds, mark = tried.seconds, "✓" if tried.chosen else ""
    took = "" if seconds is None else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return _Row(tried.line.recipe, name, str(len(tried.line.seeds)), mean, spread, took, mark)
