"""The race: rung by rung, each with its share of the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.auto.halving import rungs, survivors
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

    def run(self, models: Sequence[Model]) -> list[Entrant]:
        """Those that were trained on all rows, the best first; a `NothingTrainedError` that says what would help."""
        sizes = rungs(self.trainer.rows, self.trainer.run.limit is not None)
        before: dict[str, Entrant] = {}
        current = list(models)
        for rung, rows in enumerate(sizes):
            share = TRAINING * (rung + 1) / len(sizes)
            ended = self._rung(current, rows, share * self.seconds, before)
            if not ended:
                raise NothingTrainedError(
                    f"no model came to a score on {rows:,} rows in --minutes {self.seconds / 60:g}; "
                    "the reasons are above"
                )
            if rows < self.trainer.rows:
                ended = survivors(self._affordable(ended), len(models), rung, self.trainer.score, self.trainer.fits)
            current, before = [entrant.model for entrant in ended], {entrant.name: entrant for entrant in ended}
        return sorted(ended, key=self.trainer.score, reverse=True)

    def children(self, parent: Entrant, models: Sequence[Model]) -> list[Entrant]:
        """What could be made of it in time."""
        made = []
        for model in models:
            remaining = CHILDREN * self.seconds - self.trainer.journal.elapsed
            if child := self.trainer.attempt(model, self.trainer.rows, remaining, of=parent):
                made.append(child)
        return made

    def _rung(self, models: Sequence[Model], rows: int, deadline: float, before: dict[str, Entrant]) -> list[Entrant]:
        """Each model until the deadline; the first that works has all the time there is, so that there is one."""
        ended: list[Entrant] = []
        for model in models:
            remaining = (deadline if ended else self.seconds) - self.trainer.journal.elapsed
            expected = _expected(before[model.name], rows) if model.name in before else 0.0
            if entrant := self.trainer.attempt(model, rows, remaining, expected):
                ended.append(entrant)
        return ended

    def _affordable(self, ended: Sequence[Entrant]) -> list[Entrant]:
        """Those that can be trained on all rows in the time of the race; else the quickest, if it can be in any."""
        rows, used = self.trainer.rows, max(entrant.tried.at for entrant in ended)
        in_time = [each for each in ended if _expected(each, rows) <= TRAINING * self.seconds - used]
        if in_time:
            for each in ended:
                if each not in in_time:
                    self.trainer.screen.left_out(each.name, f"on all {rows:,} rows {_minutes(_expected(each, rows))}")
            return in_time
        quickest = min(ended, key=lambda each: _expected(each, rows))
        takes = _expected(quickest, rows)
        if takes > self.seconds - used:
            needed = (used + takes) / TRAINING / 60
            raise NothingTrainedError(
                f"--minutes {self.seconds / 60:g}: even {quickest.name} on all {rows:,} rows {_minutes(takes)}; "
                f"give {needed:.0f} or more, the same command goes on"
            )
        return [quickest]


def _expected(entrant: Entrant, rows: int) -> float:
    """Seconds of training, in proportion to the rows."""
    return entrant.tried.train_seconds * rows / entrant.tried.rows


def _minutes(seconds: float) -> str:
    return f"it would take about {seconds / 60:.1f} min"
