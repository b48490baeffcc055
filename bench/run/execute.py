"""A run from its plan to its row: train, predict, score, store; an engine carries out the phases."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench.arrays import Arrays
from bench.artifact import read_card
from bench.clock import utc_now
from bench.contract import Resolved
from bench.errors import StoreError
from bench.git import git_state
from bench.machine import cores, environment
from bench.measure.quality import score, validation_scores
from bench.measure.size import measure_size
from bench.registry import recipe_file
from bench.requirements import install_command
from bench.run.datasets import data_facts
from bench.run.engine import Engine, LocalEngine, Needs
from bench.run.job import LOG, Predicted, PredictJob, TrainJob
from bench.run.keys import evaluation_key, package_versions
from bench.run.launcher import Ended, cannot_write, thread_settings
from bench.run.plan import PlannedRun
from bench.run.trained import TrainedArtifact, adopt_artifact, stored_artifact
from bench.schema import REFIT_NOTE, Data, Device, Identity, Memory, Outcome, Phase, Result, TrainingLog
from bench.store import Store


class Listener(Protocol):
    """Receives the progress of runs: a screen."""

    def phase(self, title: str, phase: str) -> None:
        """A phase of a run begins."""

    def progress(self, done: float, total: float, values: Mapping[str, float]) -> None:
        """The phase that runs is this far."""

    def finished(self, result: Result) -> None:
        """A run has its row."""


class StoredRow(Protocol):
    """A run whose row is stored."""

    @property
    def stored(self) -> Result | None:
        """The row that it had before."""

    @property
    def private(self) -> Sequence[Path]:
        """Paths of the user that no row may show."""


@dataclass(frozen=True)
class Executor:
    """Executes planned runs in worker processes and stores a row for each, whatever happens."""

    store: Store
    listener: Listener
    device: str = "auto"
    timeout: float = 6 * 3600.0
    rounds: int | None = None
    """Rounds of timing; the protocol's number where None."""
    engine: Engine = field(default_factory=LocalEngine)

    def run(self, planned: PlannedRun) -> Result:
        """Train if due, predict, score, store."""
        if reason := missing_package(planned.resolved):
            return self._failed(planned, "train", Ended("unavailable", reason=reason))
        folder = self.store.work / planned.run_id
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return self._run(planned, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def skip(self, planned: PlannedRun, reason: str) -> Result:
        """The row of a run that cannot be because of its parent."""
        skipped = Outcome(status="skipped", reason=reason, started_at=utc_now())
        return self.store_row(planned, _bare_row(planned, skipped))

    def artifact(self, planned: PlannedRun, folder: Path) -> Ended[TrainedArtifact]:
        """The run's artifact, trained in `folder` where the store has none or that is due."""
        stored = None if planned.due == "train" else stored_artifact(self.store, planned.artifact_key)
        return self._train(planned, folder / "train") if stored is None else Ended("ok", stored)

    def _run(self, planned: PlannedRun, folder: Path) -> Result:
        trained = self.artifact(planned, folder)
        if trained.value is None:
            return self._failed(planned, "train", trained, folder)
        self.listener.phase(planned.spec.title, "predict")
        job = PredictJob(
            artifact=self.store.artifact(trained.value.artifact), prepared=planned.prepared.folder,
            refit=planned.spec.refit,
        )  # fmt: skip
        predicted = self.engine.run(job, folder / "predict", self.timeout, self.device, _needs(planned))
        if predicted.value is None:
            return self._failed(planned, "predict", predicted, folder)
        return self._score(planned, trained.value, predicted.value, folder)

    def _train(self, planned: PlannedRun, folder: Path) -> Ended[TrainedArtifact]:
        spec = planned.spec
        self.listener.phase(spec.title, "train")
        checkpoint = self.store.checkpoints / planned.artifact_key
        job = TrainJob(
            recipe=spec.recipe, params=dict(spec.params), shown=planned.shown, seed=spec.seed,
            prepared=planned.prepared.folder, artifact=folder / "artifact", refit=spec.refit, per_label=spec.per_label,
            cache=self.store.cache, checkpoint=checkpoint, data_dir=spec.dataset.data_dir,
            parents=tuple(self.store.artifact(parent.artifact) for parent in planned.parents),
        )  # fmt: skip
        needed = replace(_needs(planned), ranks=planned.resolved.ranks)
        listener = self.listener.progress if self.engine.parallel == 1 else None  # of several, whose would it be?
        ended = self.engine.run(job, folder, self.timeout, self.device, needed, listener)
        if ended.value is None:
            return ended.with_value(None)
        try:
            adopted = adopt_artifact(self.store, planned.artifact_key, job.artifact, ended.value)
        except (OSError, StoreError) as error:
            return Ended("failed", reason=cannot_write(error))
        shutil.rmtree(checkpoint, ignore_errors=True)
        return ended.with_value(adopted)

    def _score(self, planned: PlannedRun, trained: TrainedArtifact, predicted: Predicted, folder: Path) -> Result:
        with np.load(folder / "predict" / "predictions.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        names = planned.prepared.label_names
        try:
            test = planned.prepared.test()
            if list(arrays["ids"]) != test.ids:
                raise ValueError("the predicted rows are not the test rows")
            thresholds = read_card(self.store.artifacts / trained.artifact).get("thresholds")
            quality = score(test.labels, arrays["probabilities"], names, thresholds=thresholds)
            validation = None
            if not planned.spec.refit:
                validation = validation_scores(
                    arrays["validation_labels"], arrays["validation_probabilities"], names, thresholds
                )
        except Exception as error:
            return self._failed(planned, "score", Ended("failed", reason=str(error)), folder)
        result = self._row(planned, Outcome(status="ok", started_at=utc_now()), trained, predicted).model_copy(
            update={"quality": quality, "validation": validation}
        )
        return self.store_row(planned, result, arrays | {"labels": test.labels}, log=_joined_log(folder))

    def _row(self, planned: PlannedRun, outcome: Outcome, trained: TrainedArtifact, predicted: Predicted) -> Result:
        used, log = trained.training.device, trained.training
        seconds = {"train_seconds": trained.seconds, "predict_seconds": predicted.seconds}
        return _bare_row(planned, outcome).model_copy(
            update={
                "identity": _identity(planned, trained.artifact),
                "outcome": outcome.model_copy(update=seconds),
                "device": Device(
                    requested=self.device,
                    **asdict(used),
                    runtime=predicted.runtime,
                    inference_dtype=predicted.dtype,
                    global_batch=used.batch_per_replica * used.replicas if used.batch_per_replica else None,
                ),
                "training": TrainingLog(
                    examples_per_second=log.examples_per_second, epochs_run=log.epochs_run, best_epoch=log.best_epoch,
                    history=log.history, trainable_share=log.trainable_share, teacher_bytes=log.teacher_bytes,
                    warnings=log.warnings,
                ),
                "size": measure_size(
                    self.store.artifact(trained.artifact), predicted.parameters, predicted.nonzero_parameters
                ),
                "memory": Memory(training_peak_bytes=trained.peak_bytes),
                "truncation": predicted.truncation,
            }
        )  # fmt: skip

    def _failed(self, planned: PlannedRun, phase: Phase, ended: Ended[Any], folder: Path | None = None) -> Result:
        outcome = Outcome(
            status=ended.status, phase=phase, reason=ended.reason, exit_code=ended.exit_code, log_tail=ended.log_tail,
            started_at=utc_now(),
        )  # fmt: skip
        return self.store_row(planned, _bare_row(planned, outcome), log=_joined_log(folder) if folder else None)

    def store_row(
        self,
        run: StoredRow,
        result: Result,
        predictions: Arrays | None = None,
        samples: Arrays | None = None,
        log: bytes | None = None,
    ) -> Result:
        """Store the row of a run and report it; a failure never replaces an earlier row with scores."""
        if result.outcome.status != "ok" and run.stored is not None and run.stored.quality is not None:
            reason = f"{result.outcome.reason}; its earlier result stays"
            result = result.model_copy(update={"outcome": result.outcome.model_copy(update={"reason": reason})})
        else:
            self.store.put(result, predictions, samples, log, run.private)
        self.listener.finished(result)
        return result


def _needs(planned: PlannedRun) -> Needs:
    return Needs.of(planned.recipe, planned.spec.params, planned.parts)


def missing_package(resolved: Resolved) -> str | None:
    """The first package that a run lacks, and what installs it; None where all are there."""
    missing = [name for name, version in package_versions(resolved).items() if version == "missing"]
    return f"package '{missing[0]}' is not installed; {install_command(missing[0])}" if missing else None


def _bare_row(planned: PlannedRun, outcome: Outcome) -> Result:
    return Result(
        run_id=planned.run_id,
        identity=_identity(planned, None),
        data=_data(planned),
        outcome=outcome,
        environment=environment(["numpy", *planned.resolved.requires], thread_settings(cores())),
    )


def _data(planned: PlannedRun) -> Data:
    prepared, meta = planned.prepared, planned.prepared.meta
    data = data_facts(prepared, planned.parts["normalization"])
    if per_label := planned.spec.per_label:
        few = {"trained_on": planned.spec.trained_on, "n_train": per_label * len(prepared.label_names)}
        return data.model_copy(update=few)
    if not planned.spec.refit:
        return data
    epochs = planned.spec.params.get("epochs")
    note = REFIT_NOTE + (f", {epochs} epoch{'' if epochs == 1 else 's'}" if epochs is not None else "")
    counts = {"n_train": meta.n_train + meta.n_validation, "n_validation": 0}
    return data.model_copy(update={"trained_on": planned.spec.trained_on, "notes": [*data.notes, note], **counts})


def _identity(planned: PlannedRun, artifact: str | None) -> Identity:
    spec, recipe = planned.spec, planned.recipe
    commit, dirty = git_state()
    parent = planned.parents[0].run_id if len(planned.parents) == 1 else None
    return Identity(
        track=recipe_file(recipe.name).track, recipe=recipe.name, variant=replace(spec, params=planned.shown).variant,
        framework=recipe.framework, params=dict(planned.shown), seed=spec.seed, suite=spec.suite,
        parent_run_id=parent, teacher_run_id=parent if planned.resolved.distills else None,
        artifact=artifact, artifact_key=planned.artifact_key, key_parts=planned.parts,
        evaluation_key=evaluation_key(artifact, planned.prepared.test_hash) if artifact else None,
        source_hash=planned.parts["source"], git_commit=commit, dirty=dirty,
    )  # fmt: skip


def _joined_log(folder: Path) -> bytes | None:
    """One log of all phases of a run and all their ranks, None where nothing was written."""
    written = sorted(folder.rglob(LOG), key=lambda path: (path.stat().st_mtime, path))
    logs = [path for path in written if path.stat().st_size]
    return b"".join(f"--- {p.parent.relative_to(folder)}\n".encode() + p.read_bytes() for p in logs) or None
