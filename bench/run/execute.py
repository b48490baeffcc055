"""The local executor: one run after another, then the measuring in rounds over all of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench.api import Compression
from bench.arrays import Arrays
from bench.artifact import adopt
from bench.durable import write_atomic
from bench.errors import StoreError
from bench.machine import cores, environment
from bench.measure.quality import score, validation_scores
from bench.measure.size import measure_size
from bench.registry import recipe_file, requirements_file
from bench.run.keys import evaluation_key, git_state, package_versions
from bench.run.launcher import Ended, cannot_write, launch, thread_settings
from bench.run.plan import PlannedRun, known_artifact
from bench.schema import REFIT_NOTE, Data, Device, Identity, Memory, Outcome, Phase, Result, TrainingLog
from bench.store import Store


class Listener(Protocol):
    """Who is told how far things are: the screen, or nobody."""

    def phase(self, title: str, phase: str) -> None:
        """A phase of a run begins."""

    def progress(self, done: float, total: float, values: Mapping[str, float]) -> None:
        """The phase that runs is this far."""

    def finished(self, result: Result) -> None:
        """A run has its row."""


@dataclass(frozen=True)
class Executor:
    """Executes planned runs in worker processes and stores a row for each, whatever happens."""

    store: Store
    listener: Listener
    device: str = "auto"
    timeout: float = 6 * 3600.0

    def run(self, planned: PlannedRun) -> Result:
        """Train if due, predict, score, store."""
        versions = package_versions(planned.recipe, planned.spec.params)
        missing = [name for name, version in versions.items() if version == "missing"]
        if missing:
            reason = f"package '{missing[0]}' is not installed; pip install -r {requirements_file(missing[0])}"
            return self._failed(planned, "train", Ended("unavailable", reason=reason))
        folder = self.store.work / planned.run_id
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return self._run(planned, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def skip(self, planned: PlannedRun, reason: str) -> Result:
        """The row of a run that cannot be because of its parent."""
        return self.store_row(planned, _bare_row(planned, Outcome(status="skipped", reason=reason, started_at=_now())))

    def artifact(self, planned: PlannedRun, folder: Path) -> Ended:
        """The record of the run's artifact, trained in `folder` where the store has none or that is due."""
        record = None if planned.due == "train" else known_artifact(self.store, planned.artifact_key)
        return self._train(planned, folder / "train") if record is None else Ended("ok", record)

    def _run(self, planned: PlannedRun, folder: Path) -> Result:
        trained = self.artifact(planned, folder)
        if trained.status != "ok":
            return self._failed(planned, "train", trained, folder)
        record = trained.value
        self.listener.phase(planned.spec.title, "predict")
        job = _job(planned) | {"phase": "predict", "artifact": str(self.store.artifacts / record["artifact"])}
        predicted = launch(job, folder / "predict", self.timeout, self.device)
        if predicted.status != "ok":
            return self._failed(planned, "predict", predicted, folder)
        return self._score(planned, record, predicted, folder)

    def _train(self, planned: PlannedRun, folder: Path) -> Ended:
        self.listener.phase(planned.spec.title, "train")
        work = folder / "artifact"
        checkpoint = self.store.checkpoints / planned.artifact_key
        kept = {"checkpoint": str(checkpoint), "cache": str(self.store.cache)}
        parents = [str(self.store.artifacts / parent.artifact) for parent in planned.parents]
        job = _job(planned) | {"phase": "train", "artifact": str(work), "parents": parents} | kept
        launcher = planned.recipe.launcher(planned.spec.params)
        ended = launch(job, folder, self.timeout, self.device, on_progress=self.listener.progress, launcher=launcher)
        if ended.status != "ok":
            return ended
        try:
            record = ended.value | {"artifact": adopt(work, self.store.artifacts)}
            write_atomic(self.store.keys / f"{planned.artifact_key}.json", json.dumps(record).encode())
        except (OSError, StoreError) as error:
            return Ended("failed", reason=cannot_write(error))
        shutil.rmtree(checkpoint, ignore_errors=True)
        return replace(ended, value=record)

    def _score(self, planned: PlannedRun, record: dict[str, Any], predicted: Ended, folder: Path) -> Result:
        with np.load(folder / "predict" / "predictions.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        names = planned.prepared.label_names
        try:
            test = planned.prepared.test()
            if list(arrays["ids"]) != test.ids:
                raise ValueError("the predicted rows are not the test rows")
            quality = score(test.labels, arrays["probabilities"], names)
            validation = None
            if not planned.spec.refit:
                validation = validation_scores(arrays["validation_labels"], arrays["validation_probabilities"], names)
        except Exception as error:
            return self._failed(planned, "score", Ended("failed", reason=str(error)), folder)
        result = self._row(planned, Outcome(status="ok", started_at=_now()), record, predicted.value).model_copy(
            update={"quality": quality, "validation": validation}
        )
        return self.store_row(planned, result, arrays | {"labels": test.labels}, log=_joined_log(folder))

    def _row(self, planned: PlannedRun, outcome: Outcome, record: dict[str, Any], predictor: dict[str, Any]) -> Result:
        artifact = record["artifact"]
        training = dict(record["training"])
        device = training.pop("device")
        replicas, batch = device["replicas"], device["batch_per_replica"]
        return _bare_row(planned, outcome).model_copy(
            update={
                "identity": _identity(planned, artifact),
                "outcome": outcome.model_copy(
                    update={"train_seconds": record["seconds"], "predict_seconds": predictor["seconds"]}
                ),
                "device": Device(
                    requested=self.device,
                    **device,
                    runtime=predictor["runtime"],
                    inference_dtype=predictor["dtype"],
                    global_batch=batch * replicas if batch else None,
                ),
                "training": TrainingLog(**training),
                "size": measure_size(
                    self.store.artifacts / artifact, predictor["parameters"], predictor["nonzero_parameters"]
                ),
                "memory": Memory(training_peak_bytes=record["peak_bytes"]),
            }
        )

    def _failed(self, planned: PlannedRun, phase: Phase, ended: Ended, folder: Path | None = None) -> Result:
        outcome = Outcome(
            status=ended.status, phase=phase, reason=ended.reason, exit_code=ended.exit_code, log_tail=ended.log_tail,
            started_at=_now(),
        )  # fmt: skip
        return self.store_row(planned, _bare_row(planned, outcome), log=_joined_log(folder) if folder else None)

    def store_row(
        self,
        planned: PlannedRun,
        result: Result,
        predictions: Arrays | None = None,
        samples: Arrays | None = None,
        log: bytes | None = None,
    ) -> Result:
        """Store the row of a run and tell it; a failure is told alone where an earlier row has scores, which stays."""
        if result.outcome.status != "ok" and planned.stored is not None and planned.stored.quality is not None:
            reason = f"{result.outcome.reason}; its earlier result stays"
            result = result.model_copy(update={"outcome": result.outcome.model_copy(update={"reason": reason})})
        else:
            self.store.put(result, predictions, samples, log, planned.private)
        self.listener.finished(result)
        return result


def _job(planned: PlannedRun) -> dict[str, Any]:
    spec = planned.spec
    return {
        "recipe": spec.recipe, "params": dict(spec.params), "shown": planned.shown, "seed": spec.seed,
        "prepared": str(planned.prepared.folder), "refit": spec.refit,
    }  # fmt: skip


def _bare_row(planned: PlannedRun, outcome: Outcome) -> Result:
    return Result(
        run_id=planned.run_id,
        identity=_identity(planned, None),
        data=_data(planned),
        outcome=outcome,
        environment=environment(["numpy", *planned.recipe.requires_for(planned.spec.params)], thread_settings(cores())),
    )


def _data(planned: PlannedRun) -> Data:
    prepared, meta = planned.prepared, planned.prepared.meta
    data = Data(
        dataset=prepared.name, revision=prepared.revision,
        split_hash=prepared.test_hash, train_hash=prepared.train_hash,
        n_train=meta.n_train, n_validation=meta.n_validation, n_test=meta.n_test,
        label_names=list(prepared.label_names), normalization=planned.parts["normalization"],
        limit=meta.limit, notes=list(meta.notes),
    )  # fmt: skip
    if not planned.spec.refit:
        return data
    epochs = planned.spec.params.get("epochs")
    note = REFIT_NOTE + (f", {epochs} epoch{'' if epochs == 1 else 's'}" if epochs is not None else "")
    counts = {"n_train": meta.n_train + meta.n_validation, "n_validation": 0}
    return data.model_copy(update={"trained_on": "train+validation", "notes": [*data.notes, note], **counts})


def _identity(planned: PlannedRun, artifact: str | None) -> Identity:
    spec, recipe = planned.spec, planned.recipe
    commit, dirty = git_state()
    parent = planned.parents[0].run_id if len(planned.parents) == 1 else None
    taught = isinstance(recipe, Compression) and recipe.taught(spec.params)
    return Identity(
        track=recipe_file(recipe.name).track, recipe=recipe.name, variant=replace(spec, params=planned.shown).variant,
        framework=recipe.framework, params=planned.shown, seed=spec.seed, suite=spec.suite,
        parent_run_id=parent, teacher_run_id=parent if taught else None,
        artifact=artifact, artifact_key=planned.artifact_key, key_parts=planned.parts,
        evaluation_key=evaluation_key(artifact, planned.prepared.test_hash) if artifact else None,
        source_hash=planned.parts["source"], git_commit=commit, dirty=dirty,
    )  # fmt: skip


def _joined_log(folder: Path) -> bytes | None:
    """One log of all phases of a run, None where nothing was said."""
    logs = [path for path in sorted(folder.glob("*/log.txt"), key=lambda p: p.stat().st_mtime) if path.stat().st_size]
    return b"".join(f"--- {p.parent.name}\n".encode() + p.read_bytes() for p in logs) or None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
