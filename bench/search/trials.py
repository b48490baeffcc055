"""The loop over the trials of a study: as many as are requested over all processes, however many were killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from bench.errors import StoreError
from bench.search.objective import FailedTrialError, Objective, SurplusError
from bench.search.sampler import is_lost
from bench.search.study import WORKER, counted, finished, give_up_dead
from bench.search.worker_folder import remove_leftovers

POLL = 1.0
"""Seconds between two reads of the trials of other processes."""


@dataclass(frozen=True)
class Trials:
    """Runs trials until enough of them have ended."""

    study: Study
    objective: Objective
    searches: Path
    deadline: float | None
    """On the monotonic clock: no trial starts after it."""
    ended: Callable[[FrozenTrial], None]
    """Called with every trial that this process has ended."""
    waiting: Callable[[int], None]
    """Called with the number of trials that other processes still run, where nothing else remains to be done."""

    def run(self) -> None:
        """Return when as many trials as requested have ended, here or elsewhere, or when the time is over."""
        try:
            while self._due():
                self.study.optimize(self.objective, n_trials=1, catch=(FailedTrialError, SurplusError))
                self._report()
        except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
            cause = error.__cause__ or error
            reason = " ".join(str(getattr(cause, "orig", cause)).split())[:200]
            raise StoreError(f"the study's storage failed: {reason}; the same command goes on from there") from error

    def _due(self) -> bool:
        """Whether a trial is to be started; waits while the last ones run elsewhere."""
        while True:
            give_up_dead(self.study, self.searches)
            remove_leftovers(self.searches)
            if self.deadline is not None and time.monotonic() > self.deadline:
                return False
            taken = counted(self.study)
            if len(taken) < self.objective.trials:
                return True
            running = len(taken) - len(finished(self.study))
            if not running:
                return False
            self.waiting(running)
            time.sleep(POLL)

    def _report(self) -> None:
        name = self.objective.folder.name
        own = [t for t in self.study.get_trials(deepcopy=False) if t.user_attrs.get(WORKER) == name]
        if own and not is_lost(own[-1]):
            self.ended(own[-1])
