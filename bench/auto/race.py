"""The race: rung by rung, each with its share of the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.auto.halving import rungs, survivors
from bench.auto.journal import Tried
from bench.auto.offer import Model
from bench.auto.trainer import Entrant, Trainer
from bench.errors import NOTHING_RAN, BenchError

TRAINING, CHILDREN = 0.6, 0.8
"""Shares of the time that are used when the race has ended, and when children of the best have been made."""


class NothingTrainedError(BenchError):
    """No model came to a score on all rows."""

    exit_code = NOTHING_RAN


@dataclass(frozen=True)
class Race:
    """Of models, and then of what is made of the best."""

    trainer: Trainer
    seconds: float
    """The whole time."""
    trained: dict[str, list[Tried]] = field(default_factory=dict)
    """Of each model by its name, from few rows to many."""

    def run(self, models: Sequence[Model]) -> list[Entrant]:
        """Those that were trained on all rows, the best first; a `NothingTrainedError` that says what would help."""
        sizes = rungs(self.trainer.rows, self.trainer.run.limit is not None)
        current = list(models)
        for rung, rows in enumerate(sizes):
            share = TRAINING * (rung + 1) / len(sizes)
            ended = self._rung(current, rows, share * self.seconds)
            if not ended:
                raise NothingTrainedError(
                    f"no model came to a score on {rows:,} rows in --minutes {self.seconds / 60:g}; "
                    "the reasons are above"
                )
            if rows < self.trainer.rows:
                ended = survivors(self._affordable(ended), len(models), rung, self.trainer.score, self.trainer.fits)
            current = [entrant.model for entrant in ended]
        return sorted(ended, key=self.trainer.score, reverse=True)

    def children(self, parent: Entrant, models: Sequence[Model]) -> list[Entrant]:
        """What could be made of it in time."""
        made = []
        for model in models:
            remaining = CHILDREN * self.seconds - self.trainer.journal.elapsed
            if child := self.trainer.attempt(model, self.trainer.rows, remaining, of=parent):
                made.append(child)
        return made

    def _rung(self, models: Sequence[Model], rows: int, deadline: float) -> list[Entrant]:
        """Each model until the deadline; the first that works has all the time there is, so that there is one."""
        ended: list[Entrant] = []
        for model in models:
            remaining = (deadline if ended else self.seconds) - self.trainer.journal.elapsed
            if entrant := self.trainer.attempt(model, rows, remaining, self._expected(model, rows)):
                ended.append(entrant)
                self.trained.setdefault(model.name, []).append(entrant.tried)
        return ended

    def _expected(self, model: Model, rows: int) -> float:
        return expected(self.trained.get(model.name, []), rows)

    def _affordable(self, ended: Sequence[Entrant]) -> list[Entrant]:
        """Those that can be trained on all rows in the time of the race; else the quickest, if it can be in any."""
        rows, used = self.trainer.rows, max(entrant.tried.at for entrant in ended)
        takes = {each.name: self._expected(each.model, rows) for each in ended}
        in_time = [each for each in ended if takes[each.name] <= TRAINING * self.seconds - used]
        if in_time:
            for each in ended:
                if each not in in_time:
                    self.trainer.screen.left_out(each.name, f"on all {rows:,} rows {_minutes(takes[each.name])}")
            return in_time
        quickest = min(ended, key=lambda each: takes[each.name])
        least = takes[quickest.name]
        if least > self.seconds - used:
            needed = (used + least) / TRAINING / 60
            raise NothingTrainedError(
                f"--minutes {self.seconds / 60:g}: even {quickest.name} on all {rows:,} rows {_minutes(least)}; "
                f"give {needed:.0f} or more, the same command goes on"
            )
        return [quickest]


def expected(trained: Sequence[Tried], rows: int) -> float:
    """Seconds of training on so many rows: on the line through the last two trainings, as a start takes the same time
    whatever the rows; in proportion to them after a single one; 0 where there is none.
    """
    if not trained:
        return 0.0
    last = trained[-1]
    in_proportion = last.train_seconds * rows / last.rows
    if len(trained) == 1:
        return in_proportion
    slope = (last.train_seconds - trained[-2].train_seconds) / (last.rows - trained[-2].rows)
    return min(max(last.train_seconds + slope * (rows - last.rows), last.train_seconds), in_proportion)


def _minutes(seconds: float) -> str:
    return f"it would take about {seconds / 60:.1f} min"
