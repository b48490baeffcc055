"""The measuring: rounds interleaved over the contestants of a data set, each in a fresh process, one at a time."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bench.machine import cores, machine_id
from bench.measure.timing import ROUNDS, RoundSamples, RoundSettings, summarize, thread_counts
from bench.run.execute import Executor
from bench.run.job import Answer, MeasureJob
from bench.run.launcher import Ended, cannot_write, launch
from bench.run.plan import PlannedRun, current_measurement_key
from bench.schema import Memory, Outcome, Result

MAX_TEXTS = 5000
"""Test texts that a measured process is given: real ones, drawn with a fixed seed."""


def measure_all(executor: Executor, planned: Sequence[PlannedRun]) -> list[Result]:
    """Measure planned runs, data set by data set, so that a kill loses one set's rounds at most."""
    results: list[Result] = []
    for _, group in groupby(planned, key=lambda p: p.prepared.folder):
        results += _measure_dataset(executor, list(group))
    return results


def _measure_dataset(executor: Executor, planned: list[PlannedRun]) -> list[Result]:
    folder = executor.store.work / "measure"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        before = [executor.store.result(p.run_id) for p in planned]
        try:
            folder.mkdir(parents=True)
            texts = write_texts(planned[0].prepared.test_texts()[1], folder / "texts.json")
            rounds, failed = _all_rounds(executor, planned, before, texts, folder)
        except OSError as error:
            failed = {p.run_id: Ended("failed", reason=cannot_write(error)) for p in planned}
            rounds = {p.run_id: [] for p in planned}
        return [
            _stored(executor, p, result, rounds[p.run_id], failed.get(p.run_id), len(planned))
            for p, result in zip(planned, before, strict=True)
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_texts(texts: Sequence[str], path: Path) -> Path:
    """What a measured process is given: of very many texts a sample, always the same."""
    path.write_text(json.dumps(random.Random(0).sample(texts, min(MAX_TEXTS, len(texts)))))
    return path


def _all_rounds(
    executor: Executor, planned: list[PlannedRun], stored: list[Result], texts: Path, folder: Path
) -> tuple[dict[str, list[RoundSamples]], dict[str, Ended[Answer]]]:
    rounds: dict[str, list[RoundSamples]] = {p.run_id: [] for p in planned}
    failed: dict[str, Ended[Answer]] = {}
    for threads in thread_counts(cores()):
        for number in range(ROUNDS):
            for p, result in zip(planned, stored, strict=True):
                if p.run_id in failed:
                    continue
                executor.listener.phase(p.spec.title, f"measure, round {number + 1} of {ROUNDS}, {threads} thread(s)")
                artifact = executor.store.artifacts / str(result.identity.artifact)
                settings = RoundSettings(number, threads, len(p.prepared.label_names))
                ended = measure_round(executor, artifact, texts, folder / p.run_id / f"{threads}-{number}", settings)
                if isinstance(ended, RoundSamples):
                    rounds[p.run_id].append(ended)
                else:
                    failed[p.run_id] = ended
    return rounds, failed


def measure_round(
    executor: Executor, artifact: Path, texts: Path, folder: Path, settings: RoundSettings
) -> RoundSamples | Ended[Answer]:
    """One round of an artifact on the texts that `write_texts` left, in a fresh process; else how that failed."""
    job = MeasureJob(
        artifact=artifact, texts=texts, round=settings.number, threads=settings.threads, n_labels=settings.n_labels
    )
    ended = launch(job, folder, executor.timeout, executor.device, settings.threads)
    return RoundSamples.read(folder) if ended.status == "ok" else ended


def _stored(
    executor: Executor,
    planned: PlannedRun,
    result: Result,
    rounds: list[RoundSamples],
    failed: Ended[Answer] | None,
    contestants: int,
) -> Result:
    if failed is not None:
        outcome = result.outcome.model_copy(
            update={"status": failed.status, "phase": "measure", "reason": failed.reason, "log_tail": failed.log_tail}
        )
        return executor.store_row(planned, result.model_copy(update={"outcome": outcome}))
    measurement, samples, peak = summarize(rounds, contestants)
    key = current_measurement_key(result.identity.artifact or "")
    outcome = Outcome.model_validate(
        result.outcome.model_dump() | {"status": "ok", "phase": None, "reason": None, "log_tail": None}
    )
    memory = (result.memory or Memory()).model_copy(update={"inference_peak_bytes": peak})
    updated = result.model_copy(
        update={
            "measurement": measurement.model_copy(update={"machine": machine_id()}),
            "memory": memory,
            "outcome": outcome,
            "identity": result.identity.model_copy(update={"measurement_key": key}),
        }
    )
    return executor.store_row(planned, updated, samples=samples)
