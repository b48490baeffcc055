"""One model on so many rows: trained where the store has it not, scored on validation, timed in a quick round."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.auto.bounds import excess
from bench.auto.journal import Journal, Tried
from bench.auto.offer import Model
from bench.auto.screen import AutoScreen
from bench.data import DatasetRef, Prepared
from bench.errors import BenchError
from bench.measure.quality import validation_scores
from bench.measure.schedule import REHEARSAL
from bench.metrics import METRICS, Metric
from bench.recommend.budget import Budget
from bench.run.datasets import prepared_dataset
from bench.run.engine import Engine, LocalEngine
from bench.run.execute import Executor, missing_package
from bench.run.keys import Parent
from bench.run.plan import PlannedRun, Planner
from bench.run.suite import RunOptions
from bench.run.trained import TrainedArtifact, stored_artifact
from bench.search.assess import AssessmentError, costs_of, validation_of, value_of
from bench.spec import RunSpec
from bench.store import Store
from bench.thresholds import thresholds_for

LEAST_SECONDS = 1.0
"""For which a training is begun at all."""


@dataclass(frozen=True)
class Entrant:
    """A model with what was tried of it."""

    model: Model
    tried: Tried
    of: Entrant | None = None
    """What it was made of."""

    @property
    def name(self) -> str:
        """With its parent's."""
        return f"{self.model.name} of {self.of.name}" if self.of else self.model.name


@dataclass(frozen=True)
class Trainer:
    """Tries models on one data set; the files of its test split stay closed."""

    store: Store
    ref: DatasetRef
    seed: int
    run: RunOptions
    budget: Budget
    metric: Metric
    whole: Prepared
    """All rows, or as many as a rehearsal has."""
    journal: Journal
    screen: AutoScreen
    engine: Engine = field(default_factory=LocalEngine)

    def executor(self, timeout: float) -> Executor:
        """Of phases that may take so many seconds each."""
        return Executor(self.store, self.screen, self.run.device, timeout, engine=self.engine)

    @property
    def rows(self) -> int:
        """Of training, all of them."""
        return self.whole.meta.n_train

    def score(self, entrant: Entrant) -> float:
        """On validation, by the metric that decides."""
        return entrant.tried.scores[self.metric]

    def fits(self, entrant: Entrant) -> bool:
        """Whether it keeps to the bounds, as far as a quick round shows."""
        return excess(self.budget, entrant.tried) <= 0

    def spec(self, model: Model, rows: int, of: Entrant | None = None) -> RunSpec:
        """Its run; of what it is made of, the run too."""
        parent = self.spec(of.model, of.tried.rows, of.of) if of else None
        return model.spec(self.ref, self.seed, self._limit(rows), parent)

    def attempt(
        self, model: Model, rows: int, seconds: float, expected: float = 0.0, of: Entrant | None = None
    ) -> Entrant | None:
        """What was tried before, else what comes of it in so many seconds; None, with a line, where nothing does.

        It is not begun where it is `expected` to take longer.
        """
        name = f"{model.name} of {of.name}" if of else model.name
        try:
            planned = self._planned(model, rows, of)
            tried = self.journal.find(planned.artifact_key)
            known = tried is not None and stored_artifact(self.store, planned.artifact_key) is not None
            if tried is None or not known:
                _check(planned, seconds, expected)
                tried = self._try(planned, rows, seconds)
                self.journal.add(tried)
        except (AssessmentError, BenchError) as error:
            self.screen.left_out(name, str(error))
            return None
        entrant = Entrant(model, tried, of)
        self.screen.tried(name, tried, self.fits(entrant), known)
        return entrant

    def _limit(self, rows: int) -> int | None:
        return self.run.limit if rows == self.rows else rows

    def _planned(self, model: Model, rows: int, of: Entrant | None) -> PlannedRun:
        prepared = self.whole if rows == self.rows else prepared_dataset(self.ref, self.store, rows)
        planner = Planner({self.ref.name: prepared}, self.store, "reuse", self.run.device)
        return planner.plan(self.spec(model, rows, of), (of.tried.as_parent,) if of else ())

    def _try(self, planned: PlannedRun, rows: int, seconds: float) -> Tried:
        executor = self.executor(min(self.run.timeout, seconds))
        folder = self.store.work / planned.run_id
        try:
            trained = value_of(executor.artifact(planned, folder), "training")
            return self._assess(planned, trained, rows, executor, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _assess(
        self, planned: PlannedRun, trained: TrainedArtifact, rows: int, executor: Executor, folder: Path
    ) -> Tried:
        artifact, prepared = self.store.artifact(trained.artifact), planned.prepared
        self.screen.phase(planned.spec.title, "validate")
        labels, probabilities = validation_of(artifact, prepared, executor, folder)
        thresholds = thresholds_for(labels, probabilities)
        scores = validation_scores(labels, probabilities, prepared.label_names, thresholds)
        self.screen.phase(planned.spec.title, "measure")
        started = time.monotonic()
        costs = costs_of(artifact, prepared, executor, folder, REHEARSAL, 1, self.budget.threads)
        return Tried(
            key=planned.artifact_key, rows=rows, at=self.journal.elapsed, costs=costs, train_seconds=trained.seconds,
            as_parent=Parent(planned.run_id, trained.artifact, planned.parts["normalization"]),
            scores={metric: getattr(scores, metric) for metric in METRICS}, round_seconds=time.monotonic() - started,
        )  # fmt: skip


def _check(planned: PlannedRun, seconds: float, expected: float) -> None:
    if reason := missing_package(planned.resolved):
        raise AssessmentError(reason)
    if seconds < max(LEAST_SECONDS, expected):
        about = f": it would take about {expected / 60:.1f} min" if expected else ""
        raise AssessmentError(f"no time for it{about}")
