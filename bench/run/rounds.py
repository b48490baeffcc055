"""The measuring: rounds interleaved over the contestants of a data set, each in a fresh process, one at a time."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bench.machine import cores, machine_id
from bench.measure.timing import ROUNDS, RoundSamples, summarize, thread_counts
from bench.run.execute import Executor
from bench.run.launcher import Ended, launch
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
    folder.mkdir(parents=True)
    try:
        texts = _sampled_texts(planned[0], folder)
        rounds, failed = _all_rounds(executor, planned, texts, folder)
        return [_stored(executor, p, rounds[p.run_id], failed.get(p.run_id), len(planned)) for p in planned]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sampled_texts(planned: PlannedRun, folder: Path) -> Path:
    _, texts = planned.prepared.test_texts()
    path = folder / "texts.json"
    path.write_text(json.dumps(random.Random(0).sample(texts, min(MAX_TEXTS, len(texts)))))
    return path


def _all_rounds(
    executor: Executor, planned: list[PlannedRun], texts: Path, folder: Path
) -> tuple[dict[str, list[RoundSamples]], dict[str, Ended]]:
    rounds: dict[str, list[RoundSamples]] = {p.run_id: [] for p in planned}
    failed: dict[str, Ended] = {}
    for threads in thread_counts(cores()):
        for number in range(ROUNDS):
            for p in planned:
                if p.run_id in failed:
                    continue
                executor.listener.phase(p.spec.title, f"measure, round {number + 1} of {ROUNDS}, {threads} thread(s)")
                ended = _one_round(executor, p, texts, folder / p.run_id / f"{threads}-{number}", threads, number)
                if isinstance(ended, RoundSamples):
                    rounds[p.run_id].append(ended)
                else:
                    failed[p.run_id] = ended
    return rounds, failed


def _one_round(
    executor: Executor, planned: PlannedRun, texts: Path, folder: Path, threads: int, number: int
) -> RoundSamples | Ended:
    stored = executor.store.result(planned.run_id)
    artifact = executor.store.artifacts / str(stored.identity.artifact)
    job = {
        "phase": "measure", "recipe": planned.recipe.name, "artifact": str(artifact), "texts": str(texts),
        "round": number, "threads": threads, "n_labels": len(planned.prepared.label_names),
    }  # fmt: skip
    ended = launch(job, folder, min(executor.timeout, 600.0), executor.device, threads)
    return RoundSamples.read(folder) if ended.status == "ok" else ended


def _stored(
    executor: Executor, planned: PlannedRun, rounds: list[RoundSamples], failed: Ended | None, contestants: int
) -> Result:
    result = executor.store.result(planned.run_id)
    if failed is not None:
        outcome = result.outcome.model_copy(
            update={"status": failed.status, "phase": "measure", "reason": failed.reason, "log_tail": failed.log_tail}
        )
        return _put(executor, planned, result.model_copy(update={"outcome": outcome}))
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
    executor.store.put(updated, samples=samples)
    executor.listener.finished(updated)
    return updated


def _put(executor: Executor, planned: PlannedRun, result: Result) -> Result:
    executor.store.put(result, private=planned.private)
    executor.listener.finished(result)
    return result
