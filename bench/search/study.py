"""A study: one definition, its trials in a storage, and what becomes of those whose process was killed."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import optuna
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from bench.errors import BenchError
from bench.run.keys import explain_miss
from bench.search.sampler import SLOT, SlotSampler, is_lost
from bench.search.storage import GRACE
from bench.search.worker_folder import is_dead

WORKER = "worker"
"""User attribute of a trial: the folder of the process that runs it."""
DEFINITION = "question"
"""User attribute of a study, by its stored name: what all of its trials have in common."""
STARTUP = 5
"""Finished trials before a median can judge another."""
WARM_UP = 2
"""The first epoch at which a trial may be pruned: the first one alone is mostly warm-up."""

Metric = Literal["accuracy", "macro_f1", "macro_recall", "log_loss"]
METRICS: tuple[Metric, ...] = ("accuracy", "macro_f1", "macro_recall", "log_loss")


def direction(metric: Metric) -> Literal["maximize", "minimize"]:
    """Which way is better."""
    return "minimize" if metric == "log_loss" else "maximize"


def open_study(
    storage: RDBStorage, name: str, definition: Mapping[str, str], metric: Metric, sampler: SlotSampler
) -> Study:
    """The study of that name, made where there is none; another definition is an error that names the difference."""
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction=direction(metric),
        load_if_exists=True,
        sampler=sampler,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=WARM_UP),
    )
    trials = study.get_trials(deepcopy=False)  # before the definition, which another process sets before its first one
    stored = study.user_attrs.get(DEFINITION)
    if stored is None and not trials:
        study.set_user_attr(DEFINITION, json.dumps(dict(definition), sort_keys=True))
    elif stored is None:
        raise BenchError(f"study '{name}' in this storage is of another program; choose another --study")
    elif (before := json.loads(stored)) != dict(definition):
        raise BenchError(
            f"study '{name}' was defined otherwise: {explain_miss(definition, before)}; choose another --study"
        )
    return study


def give_up_dead(study: Study, searches: Path) -> None:
    """End the trials whose process has died: at once for one of this store, by its heartbeat for any other.

    They fail without a reason, so that they do not count and others take their places.
    """
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _has_died(trial, searches):
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)


def _has_died(trial: FrozenTrial, searches: Path) -> bool:
    worker = trial.user_attrs.get(WORKER)
    if worker is not None:
        return is_dead(searches, worker) is True
    started = trial.datetime_start or datetime.now()
    return datetime.now() - started > timedelta(seconds=GRACE)  # killed before its first sign of life


def counted(study: Study) -> list[FrozenTrial]:
    """The trials that count, in the order of their places: finished with a value, a pruning or a reason, or running."""
    trials = [t for t in study.get_trials(deepcopy=False) if not is_lost(t) and t.state != TrialState.WAITING]
    return sorted(trials, key=lambda trial: (trial.user_attrs.get(SLOT, len(trials)), trial.number))


def finished(study: Study) -> list[FrozenTrial]:
    """Those that have ended."""
    return [trial for trial in counted(study) if trial.state.is_finished()]


def lost(study: Study) -> int:
    """How many were killed."""
    return sum(is_lost(trial) for trial in study.get_trials(deepcopy=False))


def best(study: Study) -> FrozenTrial | None:
    """The complete trial with the best value, the earliest of equals."""
    sign = 1 if study.direction == optuna.study.StudyDirection.MINIMIZE else -1
    complete = [trial for trial in finished(study) if trial.state == TrialState.COMPLETE]
    return min(complete, key=lambda trial: sign * float(trial.value or 0.0), default=None)
