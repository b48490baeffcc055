"""Times one artifact inside of a fresh process: one round of the protocol, described in `docs/measuring.md`."""

from __future__ import annotations

import gc
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import numpy as np

from bench.contract import Predictor
from bench.errors import BenchError
from bench.measure.energy import Rapl
from bench.measure.imports import ImportClock
from bench.measure.measurement import PROTOCOL, ROUNDS, measurement_from_samples, summarize
from bench.measure.memory import peak_rss_bytes
from bench.measure.quality import check_probabilities
from bench.measure.samples import BATCH_SIZES, Nanoseconds, RoundSamples, ScenarioSamples

__all__ = [
    "PROTOCOL",
    "ROUNDS",
    "RoundSamples",
    "RoundSettings",
    "measurement_from_samples",
    "run_round",
    "summarize",
    "thread_counts",
]

KEPT = 5000
"""Samples kept of a scenario in a round: of more, every second, third, … is."""
WARMUP_SPREAD = 1.05
WARMUP_CALLS = {1: 8, 32: 3}
"""Calls in one warm-up pass, by batch size."""
STAGE_CALLS = {1: 30, 32: 6}
STAGE_SECONDS = 5.0

Batch = list[str]
Timed = Callable[[Batch], int]


@dataclass(frozen=True)
class RoundSettings:
    """What one process is to measure. The defaults are the published protocol; tests alone shorten it."""

    number: int
    threads: int
    n_labels: int
    seed: int = 0
    min_samples: int = 67
    """A third of 200 samples …"""
    min_seconds: float = 5 / ROUNDS
    """… and of 5 seconds, for each scenario …"""
    max_seconds: float = 30.0
    """… unless this many seconds pass first. A call that has begun is waited for, and one is always made."""
    warmup_seconds: float = 10.0
    """When a warm-up that does not become steady is ended."""


def thread_counts(cores: int) -> list[int]:
    """The thread settings that are measured: one, and all."""
    return sorted({1, cores})


def run_round(load: Callable[[], Predictor], texts: Sequence[str], settings: RoundSettings) -> RoundSamples:
    """Load, first call, warm-up, single-stream and offline samples, stages, peak memory, in this process.

    `texts` are real test texts. The environment must have bounded the threads before. Imports that `load` makes
    are timed apart from it. A predictor that returns anything but probabilities is an error.
    """
    if not texts:
        raise BenchError("no test text to time; the test split is empty")
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
        protocol=PROTOCOL,
        number=settings.number,
        threads=settings.threads,
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
        check_probabilities(returned, len(batch), n_labels)
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
    warmup_calls, steady = _warm_up(timed, _warm_up_pass(texts, size), settings.warmup_seconds)
    batches = _batches(texts, size, [settings.seed, settings.number, size])
    rapl = Rapl()
    ns, chars = _sample(timed, batches, settings)
    joules = rapl.joules()
    every = -(-len(ns) // KEPT)
    stages = predictor.stages()
    return ScenarioSamples(
        ns=np.array(ns[::every], np.int64),
        chars=np.array(chars[::every], np.int32),
        calls=len(ns),
        joules=joules,
        warmup_calls=warmup_calls,
        steady=steady,
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
    """Repeat a pass until the last three took the same time within 5 %, or `bound` seconds are over: calls, steady."""
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


def _sample(timed: Timed, batches: Iterator[Batch], settings: RoundSettings) -> tuple[array[int], array[int]]:
    """Nanoseconds and characters of each call, until there are enough; arrays, as a list would weigh on the peak."""
    ns, chars = array("q"), array("i")
    started, elapsed = time.perf_counter(), 0.0
    while elapsed < settings.max_seconds and (len(ns) < settings.min_samples or elapsed < settings.min_seconds):
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
