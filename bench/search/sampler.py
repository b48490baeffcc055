"""Seeded TPE whose suggestions depend neither on the process nor on how often a search was interrupted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from bench.contract import Params

STARTUP = 10
"""Trials drawn at random before TPE has enough to learn from (Bergstra et al., 2011), Optuna's own default."""
REASON, SLOT = "reason", "slot"
"""User attributes of a trial: why it failed, and its place among the requested trials."""


def is_lost(trial: FrozenTrial) -> bool:
    """Whether a trial never came to an end of its own: a failure has a reason, recorded before it ends."""
    return trial.state == TrialState.FAIL and REASON not in trial.user_attrs


def slots(trials: Sequence[FrozenTrial]) -> dict[int, int]:
    """The place of each trial from 0, by trial number; a lost one has none, and the next trial takes its place."""
    counted = [trial for trial in sorted(trials, key=lambda t: t.number) if not is_lost(trial)]
    taken = {trial.number: int(trial.user_attrs[SLOT]) for trial in counted if SLOT in trial.user_attrs}
    for trial in counted:
        if trial.number not in taken:
            used = set(taken.values())
            taken[trial.number] = next(i for i in range(len(used) + 1) if i not in used)
    return taken


class SlotSampler(BaseSampler):
    """TPE with a seed of its own for each slot; slot 0 is the recipe's own parameters, as far as the space holds them.

    A trial that takes the place of a killed one is suggested what that one was: a search that was interrupted and
    resumed tries what it would have tried in one go.
    """

    def __init__(self, seed: int, first: Params, space: Mapping[str, BaseDistribution]) -> None:
        self._seed, self._first, self._space = seed, first, space
        self._current: tuple[int, int, TPESampler] | None = None

    def slot(self, study: Study, number: int) -> int:
        """The slot of a trial, fixed by the first call."""
        return self._of(study, number)[0]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """What is sampled jointly."""
        slot, sampler = self._of(study, trial.number)
        if slot == 0:
            return {name: self._space[name] for name in self._first}
        return sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The parameters that are sampled jointly."""
        slot, sampler = self._of(study, trial.number)
        return dict(self._first) if slot == 0 else sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter for itself."""
        return self._of(study, trial.number)[1].sample_independent(study, trial, param_name, param_distribution)

    def _of(self, study: Study, number: int) -> tuple[int, TPESampler]:
        if self._current is None or self._current[0] != number:
            slot = slots([t for t in study.get_trials(deepcopy=False) if t.number <= number])[number]
            digest = hashlib.sha256(f"{self._seed}/{slot}".encode()).digest()
            sampler = TPESampler(n_startup_trials=STARTUP, seed=int.from_bytes(digest[:4], "big"))
            self._current = (number, slot, sampler)
        return self._current[1:]
