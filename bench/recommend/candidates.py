"""The models that may be recommended: scored on validation, with the figures that bounds are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.board.few_labels import per_label
from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line
from bench.board.noise import Noise, noise_of
from bench.board.predictions import Predictions
from bench.errors import BenchError
from bench.metrics import METRICS, Metric
from bench.noise_floor import NoiseFloor
from bench.recommend.budget import TIMES, Budget, Quantity
from bench.recommend.prices import Machine, price_table
from bench.recommend.times import Timed, latency, threads_of, throughput
from bench.stats.contributions import Floats
from bench.stats.rounds import Estimate
from bench.store import Store

LEAST = 20
"""Texts of validation under which nothing is recommended: an interval of 20 is half as wide as all that there is."""
FLOOR = "constant"
"""The recipe that no model may be worse than."""


@dataclass(frozen=True)
class Candidate:
    """A line of a leaderboard with what is known of it."""

    line: Line
    figures: Mapping[Quantity, Timed]
    """What was measured, scores on validation among it; a figure of no rounds has no draws."""

    def value(self, quantity: Quantity) -> float | None:
        """None where it was not measured."""
        timed = self.figures.get(quantity)
        return timed.estimate.value if timed else None

    @property
    def standin(self) -> str:
        """What it is, if it is there for comparison: a control, the floor; empty for what is meant to be used."""
        if self.line.untaught:
            return "a control: no teacher taught it"
        return "the floor: it answers with label frequencies" if self.line.recipe == FLOOR else ""


@dataclass(frozen=True)
class Field:
    """All lines of one leaderboard, as they stand to one question."""

    board: Board
    budget: Budget
    metric: Metric
    threads: int | None
    """Of the times; None where nothing is timed."""
    machine: Machine | None
    """Whose price is taken."""
    noise: Noise
    candidates: tuple[Candidate, ...]
    """Those with validation scores, the best on validation first."""
    unscored: tuple[Line, ...]
    """Without stored predictions of validation: they cannot be chosen without looking at the test."""
    validation: Inference
    tests: Mapping[Metric, Inference]
    """Of the test texts."""

    @property
    def test(self) -> Inference:
        """By the metric that decides."""
        return self.tests[self.metric]

    def missing(self, candidate: Candidate) -> tuple[Quantity, ...]:
        """The bounds that it cannot be held against."""
        return tuple(q for q in self.budget.limits if candidate.value(q) is None)

    def excesses(self, candidate: Candidate) -> dict[Quantity, float]:
        """The bounds that it breaks, by which share of them."""
        values = {q: candidate.value(q) for q in self.budget.limits}
        found = {q: self.budget.excess(q, value) for q, value in values.items() if value is not None}
        return {quantity: excess for quantity, excess in found.items() if excess > 0}

    @cached_property
    def judged(self) -> tuple[Candidate, ...]:
        """Those that can be held against all bounds."""
        return tuple(c for c in self.candidates if not self.missing(c))

    @cached_property
    def inside(self) -> tuple[Candidate, ...]:
        """Those that keep to all bounds, the best on validation first."""
        return tuple(c for c in self.judged if not self.excesses(c))


def field_of(
    board: Board,
    predictions: Predictions,
    store: Store,
    floors: Sequence[NoiseFloor],
    budget: Budget,
    metric: Metric | None,
) -> Field:
    """Raises `BenchError` where nothing can be chosen: no scores, no validation, no times though a bound needs them."""
    # A model of few labels stands on the board for its curve: who has all labels would not ship it.
    lines = tuple(line for line in board.models if per_label(line) is None) or board.models
    deciding = metric or board.metric
    if not lines:
        raise BenchError(f"no model of {board.name} has scores: `python -m bench compare -d {_set(board)}` says why")
    threads = threads_of(board, budget.threads)
    machine = price_table().cheapest(threads) if threads else None
    wanted = [m for m in METRICS if m == deciding or m in budget.limits]
    validation = {m: Inference(lines, predictions, m, "validation") for m in wanted}
    scored = [line for line in lines if validation[deciding].subject(line)]
    candidates = [
        Candidate(line, _costs(line, threads, budget, machine, store) | _scores(line, validation)) for line in scored
    ]
    found = Field(
        board=board,
        budget=budget,
        metric=deciding,
        threads=threads,
        machine=machine,
        noise=_noise(board, threads, floors),
        candidates=tuple(sorted(candidates, key=lambda c: (-(c.value(deciding) or 0.0), c.line.title))),
        unscored=tuple(line for line in lines if line not in scored),
        validation=validation[deciding],
        tests={m: Inference(lines, predictions, m) for m in wanted},
    )
    _check(found)
    return found


def _check(found: Field) -> None:
    board = found.board
    if found.candidates and all(c.line.recipe == FLOOR for c in found.candidates):
        raise BenchError(
            f"only the floor of {board.name} has scores, which answers with label frequencies: it is no model to ship; "
            f"python -m bench run -r linear -d {_set(board)}"
        )
    n = max((run.data.n_validation or 0 for c in found.candidates for run in c.line.runs), default=0)
    if 0 < n < LEAST and board.data.limit is None:
        raise BenchError(
            f"{board.name} has {n} texts of validation and {board.data.n_test} of test, too few to choose a model by: "
            f"{LEAST} are the least; label more"
        )
    if not found.candidates:
        raise BenchError(
            f"no validation predictions of {board.name} are stored, and nothing is chosen on test: run its models again"
        )
    if found.budget.timed and not any(c.value(q) for c in found.candidates for q in TIMES):
        raise BenchError(f"no model of {board.name} is timed: python -m bench measure -d {_set(board)}")


def _set(board: Board) -> str:
    return f"'{board.data.dataset}'"


def _noise(board: Board, threads: int | None, floors: Sequence[NoiseFloor]) -> Noise:
    context = next((run.context for line in board.ok_lines for run in line.timed), None)
    return noise_of(context, threads, floors)


def _scores(line: Line, validation: Mapping[Metric, Inference]) -> dict[Quantity, Timed]:
    subjects = {metric: inference.subject(line) for metric, inference in validation.items()}
    return {metric: Timed(Estimate(s.sample.score), None) for metric, s in subjects.items() if s}


def _costs(
    line: Line, threads: int | None, budget: Budget, machine: Machine | None, store: Store
) -> dict[Quantity, Timed]:
    size, memory = line.values.bytes_on_disk, line.values.peak_rss_mb
    rate = throughput(line, threads)
    found: dict[Quantity, Timed | None] = {
        "size": None if size is None else Timed(Estimate(size / 1e6), None),
        "memory": None if memory is None else Timed(Estimate(memory), None),
        "latency": latency(line, threads, budget.percentile, store),
        "throughput": rate,
        "cost": _price(rate, machine) if rate and machine else None,
    }
    return {quantity: timed for quantity, timed in found.items() if timed}


def _price(rate: Timed, machine: Machine) -> Timed:
    value, low, high = rate.estimate
    ends = (machine.usd_per_million(high), machine.usd_per_million(low)) if low and high else (None, None)
    draws: Floats | None = None if rate.draws is None else np.asarray(machine.usd_per_million(1.0) / rate.draws)
    return Timed(Estimate(machine.usd_per_million(value), *ends), draws)
