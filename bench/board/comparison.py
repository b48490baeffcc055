"""Models of the store against each other, on every data set where both have scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

from bench.board.inference import Inference, Subject
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions, Run
from bench.board.recipes import completed
from bench.board.row import Row
from bench.board.speed import SpeedUp, speed_up
from bench.errors import BenchError, did_you_mean
from bench.metrics import AnyMetric, Metric
from bench.params import parse_recipe
from bench.stats.estimate import LEVEL, Estimate
from bench.stats.families import holm
from bench.stats.flips import Flips


@dataclass(frozen=True)
class Difference:
    """Of two models by one metric."""

    first: float
    second: float
    """Scores, means over texts and seeds."""
    estimate: Estimate
    """Second less first."""


@dataclass(frozen=True)
class Comparison:
    """Two models of one leaderboard, one of several comparisons that were asked for together."""

    board: str
    n_test: int
    first: str
    second: str
    metric: Metric
    """That decides."""
    seeds: tuple[tuple[int, ...], tuple[int, ...]]
    """Of the first and of the second, all that have stored predictions."""
    matched: bool
    """Whether both come from the same trainings, seed by seed; otherwise their seeds are independent."""
    differences: dict[AnyMetric, Difference]
    flips: Flips
    p: float
    """Of the difference by `metric` being zero, two-sided; of accuracies of `single` runs by McNemar's exact test."""
    margin: float
    """A difference that does not matter."""
    p_apart: float
    """Of the difference by `metric` lying outside of ± `margin`."""
    speed: SpeedUp
    """Of the second against the first."""
    p_corrected: float = 1.0
    """`p` after Holm for all comparisons asked for."""
    p_apart_corrected: float = 1.0

    @property
    def single(self) -> bool:
        """Whether two runs are compared, over the texts alone."""
        return [len(some) for some in self.seeds] == [1, 1] and self.estimate.seeds == "none"

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels."""
        return "micro_f1" in self.differences

    @property
    def estimate(self) -> Estimate:
        """Of the difference that decides."""
        return self.differences[self.metric].estimate

    @property
    def verdict(self) -> Literal["better", "worse", "equal"]:
        """Of the second, against the first; `equal` where no difference is shown."""
        if self.p_corrected >= LEVEL:
            return "equal"
        return "better" if self.estimate.value > 0 else "worse"

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be less than the margin (two one-sided tests)."""
        return self.p_apart_corrected < LEVEL


@dataclass(frozen=True)
class Target:
    """What a name selects on a leaderboard: a line, or one run of it."""

    line: Line
    run_id: str | None = None

    @property
    def name(self) -> str:
        """As it is shown."""
        return self.run_id or self.line.title

    def runs(self, predictions: Predictions) -> list[Run]:
        """Its runs with what is stored of their predictions."""
        return [run for run in predictions.runs(self.line) if self.run_id in (None, run.run_id)]

    @property
    def rows(self) -> list[Row]:
        """Its rows."""
        return [row for row in self.line.runs if self.run_id in (None, row.run_id)]


def comparisons(
    boards: Sequence[Board],
    predictions: Predictions,
    first: str,
    others: Sequence[str],
    metric: Metric | None,
    margin: float,
) -> list[Comparison]:
    """`first` with each of `others`, by the data sets' own metrics where none is named, corrected together after Holm.

    Each is a run id, the name of a model, or the start of one: a recipe with some of its parameters. Raises
    `BenchError` where nothing can be compared.
    """
    found = [c for other in others for c in _on_all(boards, predictions, (first, other), metric, margin)]
    p_values, apart = holm([c.p for c in found]), holm([c.p_apart for c in found])
    return [replace(c, p_corrected=p, p_apart_corrected=q) for c, p, q in zip(found, p_values, apart, strict=True)]


def _on_all(
    boards: Sequence[Board],
    predictions: Predictions,
    names: tuple[str, str],
    metric: Metric | None,
    margin: float,
) -> list[Comparison]:
    compared = []
    for board in boards:
        targets = [_targets(board, name) for name in names]
        if all(targets):
            a, b = (_only(board, name, some) for name, some in zip(names, targets, strict=True))
            compared.append(_compare(board, predictions, a, b, metric or board.metric, margin))
    if not compared:
        for name in names:
            if not any(_targets(board, name) for board in boards):
                known = {n for board in boards for line in board.ok_lines for n in _selectors(line)}
                raise BenchError(f"no scores of '{name}', neither model nor run; {did_you_mean(name, known)}")
        raise BenchError(f"'{names[0]}' and '{names[1]}' have no data set in common")
    return compared


def target(board: Board, name: str) -> Target:
    """The one model, or run, that `name` selects on a board; none and several are a `BenchError`."""
    found = _targets(board, name)
    if not found:
        names = {n for line in board.ok_lines for n in _selectors(line)}
        raise BenchError(f"no scores of '{name}' on {board.name}; {did_you_mean(name, names)}")
    return _only(board, name, found)


def _targets(board: Board, name: str) -> list[Target]:
    """What `name` may select on a board."""
    for line in board.ok_lines:
        if name in line.run_ids:
            return [Target(line, name)]
    exact = [line for line in board.ok_lines if name in _selectors(line)]
    return [Target(line) for line in exact or (line for line in board.ok_lines if _matches(line, name))]


def _selectors(line: Line) -> tuple[str, ...]:
    """All that a line is called."""
    return line.name, line.short, line.title, line.lineage


def _only(board: Board, name: str, targets: Sequence[Target]) -> Target:
    if len(targets) > 1:
        titles = "; ".join(target.line.title for target in targets)
        raise BenchError(
            f"'{name}' is several models on {board.name}: {titles}; give one of these names, or more of its parameters"
        )
    return targets[0]


def _matches(line: Line, name: str) -> bool:
    """Whether the line is of that recipe and has those parameters; what was trained on other rows goes by its name."""
    recipe, given = parse_recipe(name)
    if line.recipe != recipe or line.model.identity.trained_on != "train":
        return False
    params = completed(recipe, line.params)
    return all(key in params and params[key] == value for key, value in given.items())


def _compare(
    board: Board, predictions: Predictions, first: Target, second: Target, metric: Metric, margin: float
) -> Comparison:
    by_metric = {name: Inference(board.ok_lines, predictions, name) for name in board.metrics}
    inference = by_metric[metric]
    a, b = (_subject(inference, target, board) for target in (first, second))
    differences = {name: _difference(of, _subject(of, first, board), _subject(of, second, board))
                   for name, of in by_metric.items()}  # fmt: skip
    estimate, flips = differences[metric].estimate, inference.flips(a, b)
    compared = Comparison(
        board=board.name,
        n_test=inference.n_texts,
        first=first.name,
        second=second.name,
        metric=metric,
        seeds=(a.seeds, b.seeds),
        matched=b.belongs_to(a),
        differences=differences,
        flips=flips,
        p=estimate.p_zero(),
        margin=margin,
        p_apart=estimate.p_apart(margin),
        speed=speed_up(list(product(first.rows, second.rows)), board.noise),
    )
    return replace(compared, p=flips.p_mcnemar()) if compared.single and metric == "accuracy" else compared


def _subject(inference: Inference, target: Target, board: Board) -> Subject:
    subject = inference.subject(target.line, target.run_id)
    if subject is None:
        raise BenchError(f"{target.name}: no stored predictions of the test texts of {board.name}; run it again")
    return subject


def _difference(inference: Inference, first: Subject, second: Subject) -> Difference:
    return Difference(first.sample.score, second.sample.score, inference.difference(first, second))


def document(comparison: Comparison) -> dict[str, Any]:
    """For programs."""
    c = comparison
    return {
        "dataset": c.board, "n_test": c.n_test, "first": c.first, "second": c.second, "metric": c.metric,
        "verdict": c.verdict, "p": c.p, "p_corrected": c.p_corrected,
        "equivalence": {"margin": c.margin, "equivalent": c.equivalent, "p_corrected": c.p_apart_corrected},
        "scores": {end: {name: getattr(d, end) for name, d in c.differences.items()} for end in ("first", "second")},
        "difference": {name: _interval(d.estimate) for name, d in c.differences.items()},
        "seeds": {"first": c.seeds[0], "second": c.seeds[1], "matched": c.matched, "spread": c.estimate.seeds},
        "corrections": c.flips.corrections, "regressions": c.flips.regressions,
        "p_mcnemar": c.flips.p_mcnemar() if c.single else None,
        "speed_up": _speed_document(c.speed),
    }  # fmt: skip


def _speed_document(speed: SpeedUp) -> dict[str, Any]:
    ratio = speed.estimate._asdict() if speed.estimate else None
    return {"ratio": ratio, "reason": speed.reason, "noise_floor": speed.floor, "verdict": speed.verdict}


def _interval(estimate: Estimate) -> dict[str, float]:
    low, high = estimate.interval()
    return {"value": estimate.value, "low": low, "high": high}
