"""What runs will cost, from stored runs of like model, size, data and machine, and how far off that has been so far."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from bench.measure.schedule import schedule_of
from bench.run.history import Spent, Task
from bench.run.plan import Due

REPLAYED = 200
"""The newest stored runs that are estimated from the others, to know the error."""
LEAST_SECONDS = 1.0
"""Runs below are taken as this long: factors between thousandths of a second say nothing."""


class Likeness(IntEnum):
    """How like the stored runs are that an estimate is of, from most to least."""

    SAME = 0
    OTHER_DATA = 1
    OTHER_PARAMETERS = 2
    OTHER_MACHINE = 3


@dataclass(frozen=True)
class Guess:
    """A value, and how like the runs are that it is of."""

    value: float
    likeness: Likeness


@dataclass(frozen=True)
class Error:
    """By which factor estimates from runs of one likeness were off, larger or smaller, over stored runs."""

    median: float
    nine_in_ten: float
    runs: int


@dataclass(frozen=True)
class Estimate:
    """Of all runs that are due, one after another."""

    train_seconds: float = 0.0
    predict_seconds: float = 0.0
    measure_seconds: float = 0.0
    disk_bytes: float = 0.0
    runs: Mapping[Likeness, int] = field(default_factory=dict)
    """How many are estimated from which stored runs."""
    errors: Mapping[Likeness, Error] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """The recipes of runs that nothing stored is like, one entry a run."""
    unmeasured: int = 0
    """Runs whose measuring has no estimate."""

    @property
    def seconds(self) -> float:
        """Of all phases."""
        return self.train_seconds + self.predict_seconds + self.measure_seconds


Quantity = Callable[[Spent], float | None]
Extent = Callable[[Task], float | None]


_PHASES: Mapping[str, tuple[Quantity, Extent]] = {
    "train": (lambda spent: spent.train_seconds, lambda task: task.trained),
    "predict": (lambda spent: spent.predict_seconds, lambda task: task.predicted),
    "measure": (lambda spent: spent.measure_seconds, lambda task: task.rounds),
    "disk": (lambda spent: spent.disk_bytes, lambda task: 1.0),
}
"""What is estimated, and what it grows with."""


def estimate(due: Iterable[tuple[Task, Due, bool]], stored: Sequence[Spent]) -> Estimate:
    """Of runs with what is due of each, and whether it is measured afterwards."""
    totals = dict.fromkeys(_PHASES, 0.0)
    runs: dict[Likeness, int] = {}
    unknown, unmeasured = [], 0
    for task, phase, measured in due:
        asked = {"train": ["train", "predict", "disk"], "predict": ["predict"]}.get(phase, [])
        guesses = {name: _guess(task, stored, name) for name in asked}
        measuring = _guess(task, stored, "measure") if measured else None
        unmeasured += measured and measuring is None
        first = guesses[asked[0]] if asked else measuring
        if first is None:
            unknown.append(task.recipe)
            continue
        runs[first.likeness] = runs.get(first.likeness, 0) + 1
        for name, guess in {**guesses, "measure": measuring}.items():
            totals[name] += guess.value if guess else 0.0
    errors = {likeness: error for likeness in sorted(runs) if (error := _error(stored, likeness))}
    return Estimate(
        totals["train"], totals["predict"], totals["measure"], totals["disk"], runs, errors, tuple(unknown), unmeasured
    )


def _guess(task: Task, stored: Iterable[Spent], phase: str, only: Likeness | None = None) -> Guess | None:
    """From the runs that are most like; of those that are as like as `only`, where it is given."""
    quantity, extent = _PHASES[phase]
    found: dict[tuple[Likeness, int, bool], list[float]] = {}
    for spent in stored:
        value, place = quantity(spent), _likeness(task, spent.task)
        if value is None or place is None or only not in (None, place[0]):
            continue
        if phase == "measure" and schedule_of(task.limit) != schedule_of(spent.task.limit):
            continue
        before, now = extent(spent.task), extent(task)
        if before and now:
            found.setdefault(place, []).append(value * now / before)
        elif not _other_data(task, spent.task):
            found.setdefault(place, []).append(value)
    if not found:
        return None
    nearest = min(found)
    return Guess(statistics.median(found[nearest]), nearest[0])


def _likeness(task: Task, other: Task) -> tuple[Likeness, int, bool] | None:
    """What sorts the most alike first; None for another recipe."""
    if task.recipe != other.recipe:
        return None
    differing = sum(task.traits.get(name) != other.traits.get(name) for name in task.traits.keys() | other.traits)
    other_data = _other_data(task, other)
    if task.machine != other.machine:
        likeness = Likeness.OTHER_MACHINE
    elif differing:
        likeness = Likeness.OTHER_PARAMETERS
    else:
        likeness = Likeness.OTHER_DATA if other_data else Likeness.SAME
    return likeness, differing, other_data


def _other_data(task: Task, other: Task) -> bool:
    return (task.dataset, task.limit) != (other.dataset, other.limit)


def _error(stored: Sequence[Spent], likeness: Likeness) -> Error | None:
    """Leave-one-out: the newest runs estimated from all others that are as like, against what they took."""
    factors = []
    for place in range(max(0, len(stored) - REPLAYED), len(stored)):
        left_out = stored[place]
        others = [spent for i, spent in enumerate(stored) if i != place]
        guess = _guess(left_out.task, others, "train", likeness)
        if guess is not None and left_out.train_seconds is not None:
            estimated, taken = max(guess.value, LEAST_SECONDS), max(left_out.train_seconds, LEAST_SECONDS)
            factors.append(max(estimated / taken, taken / estimated))
    if not factors:
        return None
    factors.sort()
    return Error(statistics.median(factors), factors[max(0, -(-len(factors) * 9 // 10) - 1)], len(factors))
