"""What a trained artifact is worth, seen from validation alone; the files of the test split stay closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.artifact import bytes_on_disk
from bench.contract import Resources
from bench.data import Prepared
from bench.machine import cores
from bench.measure.bins import Labels
from bench.measure.measurement import summarize
from bench.measure.schedule import Schedule
from bench.measure.timing import RoundSettings
from bench.run.engine import Needs
from bench.run.execute import Executor
from bench.run.job import ValidateJob
from bench.run.launcher import Ended, V
from bench.run.rounds import measure_round, sample_of, write_texts
from bench.search.judgement import Probabilities
from bench.search.targets import Costs


class AssessmentError(Exception):
    """A phase of a candidate failed; others go on."""


def value_of(ended: Ended[V], what: str) -> V:
    """What a phase answered, or an `AssessmentError` that says how it ended."""
    if ended.value is None:
        raise _failed(ended, what)
    return ended.value


def validation_of(artifact: Path, prepared: Prepared, executor: Executor, folder: Path) -> tuple[Labels, Probabilities]:
    """Labels [n] and probabilities [n, k] of the validation texts, predicted in a fresh process."""
    job = ValidateJob(artifact=artifact, prepared=prepared.folder)
    needs = Needs(Resources())
    ended = executor.engine.run(job, folder / "validate", executor.timeout, executor.device, needs)
    value_of(ended, "validation")
    with np.load(folder / "validate" / "validation.npz", allow_pickle=False) as file:
        return file["validation_labels"], file["validation_probabilities"]


def costs_of(
    artifact: Path,
    prepared: Prepared,
    executor: Executor,
    folder: Path,
    schedule: Schedule,
    rounds: int,
    threads: int | None = None,
) -> Costs:
    """Size, and times on validation texts in so many fresh processes here; on all cores unless `threads` are named."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = write_texts(sample_of(prepared.validation().texts), folder / "texts.json")
    taken = []
    for number in range(rounds):
        settings = RoundSettings(number, threads or cores(), len(prepared.label_names), schedule)
        with executor.engine.alone(executor.store, lambda line: None):
            samples = measure_round(executor, artifact, texts, folder / f"measure-{number}", settings)
        if isinstance(samples, Ended):
            raise _failed(samples, "measuring")
        taken.append(samples)
    measured, _, memory = summarize(taken)
    whole = {row.scenario: row for row in measured.latency if row.bucket == "all"}
    single, offline = whole["single_stream"], whole["offline"]
    return Costs(bytes_on_disk(artifact), single.p50_ms, single.p95_ms, memory, offline.texts_per_s)


def _failed(ended: Ended[Any], what: str) -> AssessmentError:
    return AssessmentError(f"{what}: {ended.status}: {ended.reason}")
