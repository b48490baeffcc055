"""One trial: a training in a worker, its validation predictions in another, and a score by the harness."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import BaseTrial, Trial

from bench.contract import Params
from bench.errors import BenchError
from bench.measure.quality import validation_scores
from bench.run.engine import Engine, Needs
from bench.run.job import A, TrainJob, ValidateJob
from bench.run.launcher import Ended
from bench.search.definition import StudyDefinition
from bench.search.pruning import Watcher
from bench.search.sampler import REASON, SLOT, SlotSampler
from bench.search.study import WORKER
from bench.thresholds import thresholds_for


class FailedTrialError(Exception):
    """A trial ended without a value; its reason is stored with it, and the search goes on."""


class SurplusError(Exception):
    """Another process took the last trial in the same moment: this one is not counted."""


class TrialListener(Protocol):
    """Receives the phases and the progress of trials."""

    def phase(self, title: str, phase: str) -> None:
        """A phase of a trial begins."""

    def progress(self, done: float, total: float, values: Mapping[str, float]) -> None:
        """The phase that runs is this far."""


@dataclass(frozen=True)
class Objective:
    """Trains and validates what a trial suggests; the files of the test split stay closed."""

    definition: StudyDefinition
    engine: Engine
    space: Mapping[str, BaseDistribution]
    seed: int
    trials: int
    """How many are requested."""
    folder: Path
    """This process's own."""
    cache: Path
    """What trainings share, such as encoded texts."""
    data_dir: Path | None
    listener: TrialListener
    device: str
    timeout: float

    def __call__(self, trial: Trial) -> float:
        """The validation score; raises TrialPruned, FailedTrialError or SurplusError."""
        sampler = trial.study.sampler
        assert isinstance(sampler, SlotSampler)
        slot = sampler.slot(trial.study, trial.number)
        if slot >= self.trials:
            raise SurplusError
        trial.set_user_attr(SLOT, slot)
        trial.set_user_attr(WORKER, self.folder.name)
        work = self.folder / f"trial-{trial.number}"
        try:
            return self._run(trial, slot, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _run(self, trial: Trial, slot: int, work: Path) -> float:
        started = time.monotonic()
        title = f"trial {slot + 1} of {self.trials}"
        try:
            params = self.definition.params(suggested(trial, self.space))
            prepared = self.definition.prepared.folder
            job = TrainJob(
                recipe=self.definition.recipe.name, params=params, seed=self.seed, prepared=prepared,
                artifact=work / "artifact", cache=self.cache, data_dir=self.data_dir,
            )  # fmt: skip
            self._train(trial, job, title, work / "train")
            self.listener.phase(title, "validate")
            validate = ValidateJob(artifact=job.artifact, prepared=prepared)
            needs = Needs.of(self.definition.recipe, params, self.definition.parts)
            ended = self.engine.run(validate, work / "validate", self.timeout, self.device, needs)
            _check(trial, ended, "predict")
            return self._score(trial, work / "validate" / "validation.npz")
        finally:
            trial.set_user_attr("seconds", time.monotonic() - started)

    def _train(self, trial: Trial, job: TrainJob, title: str, folder: Path) -> None:
        self.listener.phase(title, "train")
        alone = self.engine.parallel == 1  # of several trials, whose progress would it be?
        watcher = Watcher(trial, self.definition.metric, self.listener.progress if alone else lambda *unused: None)
        ranks = self.definition.recipe.resolve(job.params).ranks
        needs = replace(Needs.of(self.definition.recipe, job.params, self.definition.parts), ranks=ranks)
        ended = self.engine.run(job, folder, self.timeout, self.device, needs, watcher)
        watcher.close()
        if watcher.pruned:
            raise optuna.TrialPruned
        training = _check(trial, ended, "train").training
        trial.set_user_attr("epochs_run", training.epochs_run)
        trial.set_user_attr("best_epoch", training.best_epoch)

    def _score(self, trial: Trial, path: Path) -> float:
        with np.load(path, allow_pickle=False) as file:
            labels, probabilities = file["validation_labels"], file["validation_probabilities"]
        try:
            thresholds = thresholds_for(labels, probabilities)
            scores = validation_scores(labels, probabilities, self.definition.prepared.label_names, thresholds)
        except BenchError as error:
            raise _failure(trial, f"failed in score: {error}") from None
        trial.set_user_attr("validation", scores.model_dump(exclude={"n"}))
        return float(getattr(scores, self.definition.metric))


def _check(trial: Trial, ended: Ended[A], phase: str) -> A:
    if ended.value is None:
        raise _failure(trial, f"{ended.status} in {phase}: {ended.reason or 'no reason recorded'}")
    return ended.value


def _failure(trial: Trial, reason: str) -> FailedTrialError:
    """The error to raise, its reason stored first: a trial that fails without one counts as killed."""
    trial.set_user_attr(REASON, reason)
    return FailedTrialError(reason)


def suggested(trial: BaseTrial, space: Mapping[str, BaseDistribution]) -> Params:
    """The values of a trial, by parameter."""
    params: dict[str, Any] = {}
    for name, values in space.items():
        if isinstance(values, CategoricalDistribution):
            params[name] = trial.suggest_categorical(name, values.choices)
        elif isinstance(values, FloatDistribution):
            params[name] = trial.suggest_float(name, values.low, values.high, log=values.log)
    return params
