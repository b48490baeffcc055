"""Times one artifact inside of a fresh process: one round of the protocol, described in `docs/measuring.md`."""

from __future__ import annotations

import gc
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

import numpy as np

from bench.contract import Predictor
from bench.errors import BenchError
from bench.measure.energy import Rapl
from bench.measure.imports import ImportClock
from bench.measure.load import OtherLoad
from bench.measure.memory import peak_rss_bytes
from bench.measure.quality import check_probabilities
from bench.measure.samples import BATCH_SIZES, Nanoseconds, RoundSamples, ScenarioSamples
from bench.measure.schedule import PUBLISHED, Schedule

KEPT = 1500
"""Samples kept of a scenario in a round: of more, every second, third, … is."""
WARMUP_SPREAD = 1.05
WARMUP_CALLS = {1: 8, 32: 3}
"""Calls in one warm-up pass, by batch size."""
STAGE_CALLS = {1: 10, 32: 2}
STAGE_SECONDS = 2.0

Batch = list[str]
Timed = Callable[[Batch], int]


@dataclass(frozen=True)
class RoundSettings:
    """What one process is to measure."""

    number: int
    threads: int
    n_labels: int
    schedule: Schedule = PUBLISHED
    seed: int = 0


def run_round(load: Callable[[], Predictor], texts: Sequence[str], settings: RoundSettings) -> RoundSamples:
    """Load, first call, warm-up, single-stream and offline samples, stages, peak memory, in this process.

    `texts` are real test texts. The environment must have bounded the threads before. Imports that `load` makes
    are timed apart from it. A predictor that returns anything but probabilities is an error.
    """
    if not texts:
        raise BenchError("no test text to time; the test split is empty")
    began, load_meter = datetime.now(UTC).isoformat(timespec="seconds"), OtherLoad()
    started, imports = time.perf_counter_ns(), ImportClock()
    with imports:
        predictor = load()
    load_ms = (time.perf_counter_ns() - started) / 1e6 - imports.milliseconds
    timed = _timed(predictor, settings.n_labels)
    first_call_ms = timed([texts[0]]) / 1e6
    scenarios = {}
    for name, size in BATCH_SIZES.items():
        with _no_garbage_collection():
            scenarios[name] = _scenario(predictor, timed, texts, size, settings)
    short, medium = np.percentile([len(text) for text in texts], [100 / 3, 200 / 3])
    return RoundSamples(
        protocol=settings.schedule.protocol,
        number=settings.number,
        threads=settings.threads,
        started_at=began,
        other_load=load_meter.cores(),
        import_ms=imports.milliseconds,
        load_ms=load_ms,
        first_call_ms=first_call_ms,
        tercile_chars=(float(short), float(medium)),
        peak_rss_bytes=peak_rss_bytes(),
        scenarios=scenarios,
    )


def _timed(predictor: Predictor, n_labels: int) -> Timed:
    """A call that returns its nanoseconds; what the predictor returned is looked at after the clock has stopped."""

    def call(batch: Batch) -> int:
        started = time.perf_counter_ns()
        returned = predictor.predict_proba(batch)
        spent = time.perf_counter_ns() - started
        check_probabilities(returned, len(batch), n_labels, sums_to_one=False)  # they did when it was scored
        return spent

    return call


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _scenario(
    predictor: Predictor, timed: Timed, texts: Sequence[str], size: int, settings: RoundSettings
) -> ScenarioSamples:
    schedule = settings.schedule
    warmup_calls, warm = _warm_up(timed, _warm_up_pass(texts, size), schedule.warmup_seconds)
    batches = _batches(texts, size, [settings.seed, settings.number, size])
    rapl = Rapl()
    ns, chars = _sample(timed, batches, schedule)
    joules = rapl.joules()
    every = -(-len(ns) // KEPT)
    stages = predictor.stages()
    return ScenarioSamples(
        ns=np.array(ns[::every], np.int64),
        chars=np.array(chars[::every], np.int32),
        calls=len(ns),
        joules=joules,
        warmup_calls=warmup_calls,
        warm=warm,
        stage_names=tuple(stages),
        stages=_time_stages(list(stages.values()), batches, STAGE_CALLS[size]),
    )


def _batches(texts: Sequence[str], size: int, seed: Sequence[int]) -> Iterator[Batch]:
    """Batches of exactly `size` texts for ever, in a new seeded order each time all texts have been used."""
    random = np.random.default_rng(seed)
    stream = (texts[i] for _ in count() for i in random.permutation(len(texts)))
    while True:
        yield list(islice(stream, size))


def _warm_up_pass(texts: Sequence[str], size: int) -> list[Batch]:
    """The same calls for each pass: lengths from the shortest to the longest, so that every shape is met once."""
    calls = WARMUP_CALLS[size]
    ordered = sorted(texts, key=len)
    picked = [ordered[i] for i in np.linspace(0, len(ordered) - 1, calls * size).round().astype(int)]
    return [picked[start : start + size] for start in range(0, calls * size, size)]


def _warm_up(timed: Timed, batches: list[Batch], bound: float) -> tuple[int, bool]:
    """Repeat a pass until the last three took the same time within 5 %, or `bound` seconds are over: calls, warm."""
    started, calls = time.perf_counter(), 0
    passes: list[int] = []
    while True:
        total = 0
        for batch in batches:
            total += timed(batch)
            calls += 1
            if time.perf_counter() - started > bound:
                return calls, False
        passes = [*passes[-2:], total]
        if len(passes) == 3 and max(passes) < WARMUP_SPREAD * min(passes):
            return calls, True


def _sample(timed: Timed, batches: Iterator[Batch], schedule: Schedule) -> tuple[array[int], array[int]]:
    """Nanoseconds and characters of each call, until there are enough; arrays, as a list would weigh on the peak."""
    ns, chars = array("q"), array("i")
    started, elapsed = time.perf_counter(), 0.0
    while elapsed < schedule.max_seconds and (len(ns) < schedule.min_samples or elapsed < schedule.min_seconds):
        batch = next(batches)
        ns.append(timed(batch))
        chars.append(sum(map(len, batch)))
        elapsed = time.perf_counter() - started
    return ns, chars


def _time_stages(stages: Sequence[Callable[[Any], Any]], batches: Iterator[Batch], calls: int) -> Nanoseconds:
    """Each stage fed with what the last returned: int64 [calls, stages], fewer calls where `STAGE_SECONDS` are over."""
    rows: list[list[int]] = []
    started = time.perf_counter()
    while stages and len(rows) < calls and time.perf_counter() - started < STAGE_SECONDS:
        value: Any = next(batches)
        rows.append([])
        for stage in stages:
            before = time.perf_counter_ns()
            value = stage(value)
            rows[-1].append(time.perf_counter_ns() - before)
    return np.array(rows, np.int64).reshape(len(rows), len(stages))
