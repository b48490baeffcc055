"""From raw samples to published figures: one code for a new measurement and for recomputing a stored one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.measure.samples import BATCH_SIZES, SINGLE_STREAM, RoundSamples
from bench.schema import ColdStart, Energy, Latency, Measurement

PROTOCOL = "rounds-1"
"""Raised whenever the procedure of `timing.py` would give other times."""
ROUNDS = 3
P99_FROM = 1000
"""Samples from which a 99th percentile is steady enough to print."""

Arrays = Mapping[str, npt.NDArray[Any]]
_NAME = re.compile(r"^(single_stream|offline)_t(\d+)_ns$")


def summarize(
    rounds: Sequence[RoundSamples], interleaved_with: int = 1
) -> tuple[Measurement, dict[str, npt.NDArray[Any]], int]:
    """The measurement of all rounds of one artifact, the arrays of its `samples.npz`, and its peak memory in bytes.

    `interleaved_with` counts the contestants that shared the rounds, this one included.
    """
    if not rounds:
        raise BenchError("no round was measured; nothing to summarize")
    if others := {r.protocol for r in rounds} - {PROTOCOL}:
        raise BenchError(
            f"rounds of protocol {', '.join(sorted(others))} cannot be joined with {PROTOCOL}; measure again"
        )
    samples = _joined(rounds)
    return measurement_from_samples(samples, interleaved_with), samples, inference_peak_bytes(samples)


def _joined(rounds: Sequence[RoundSamples]) -> dict[str, npt.NDArray[Any]]:
    """All rounds in one flat set of arrays: `samples.npz`, whose names `docs/measuring.md` lists."""
    rounds = sorted(rounds, key=lambda r: (r.threads, r.number))
    all_threads = [r for r in rounds if r.threads == rounds[-1].threads]
    joined: dict[str, npt.NDArray[Any]] = {
        "cold_start_ms": np.array([[r.import_ms, r.load_ms, r.first_call_ms] for r in all_threads]),
        "tercile_chars": np.array(rounds[0].tercile_chars),
        "peak_rss_bytes": np.array([r.peak_rss_bytes for r in rounds], np.int64),
    }
    for threads in sorted({r.threads for r in rounds}):
        for scenario in BATCH_SIZES:
            joined |= _joined_scenario([r for r in rounds if r.threads == threads], scenario, f"{scenario}_t{threads}")
    return joined


def _joined_scenario(rounds: Sequence[RoundSamples], scenario: str, prefix: str) -> dict[str, npt.NDArray[Any]]:
    parts = [r.scenarios[scenario] for r in rounds]
    joined: dict[str, npt.NDArray[Any]] = {
        "ns": np.concatenate([part.ns for part in parts]),
        "chars": np.concatenate([part.chars for part in parts]),
        "round": np.repeat([r.number for r in rounds], [len(part.ns) for part in parts]).astype(np.int8),
        "warmup": np.array([[part.warmup_calls, part.steady] for part in parts], np.int64),
    }
    if parts[0].stage_names:
        joined |= {"stage_names": np.array(parts[0].stage_names), "stages": np.concatenate([p.stages for p in parts])}
    if all(part.joules is not None for part in parts):
        joined["energy"] = np.array([[part.joules, part.calls * BATCH_SIZES[scenario]] for part in parts], np.float64)
    return {f"{prefix}_{name}": array for name, array in joined.items()}


def measurement_from_samples(samples: Arrays, interleaved_with: int = 1) -> Measurement:
    """Every published figure of a measurement, from the arrays of its `samples.npz` alone."""
    found = sorted(
        (int(match[2]), list(BATCH_SIZES).index(match[1])) for name in samples if (match := _NAME.match(name))
    )
    if not found:
        raise BenchError("no scenario among the samples; they are of another software or damaged")
    latency: list[Latency] = []
    for threads, scenario in found:
        latency += _rows(samples, list(BATCH_SIZES)[scenario], threads)
    cold = np.median(_array(samples, "cold_start_ms", 3), axis=0)
    return Measurement(
        protocol=PROTOCOL,
        rounds=len(samples["cold_start_ms"]),
        latency=latency,
        cold_start=ColdStart(import_ms=float(cold[0]), load_ms=float(cold[1]), first_call_ms=float(cold[2])),
        energy=_energy(samples, threads=found[-1][0]),
        interleaved_with=interleaved_with,
    )


def inference_peak_bytes(samples: Arrays) -> int:
    """The highest peak of all measuring processes."""
    return int(_array(samples, "peak_rss_bytes").max())


def _rows(samples: Arrays, scenario: str, threads: int) -> list[Latency]:
    """The row of all calls, and in single-stream those of the length buckets that have calls."""
    prefix = f"{scenario}_t{threads}"
    ns = _array(samples, f"{prefix}_ns")
    warmup = _array(samples, f"{prefix}_warmup", 2)
    rows = [
        _row(
            ns, scenario, threads, "all", warmup_calls=int(warmup[:, 0].max()), steady=bool(warmup[:, 1].all()),
            stages_ms=_stages(samples, prefix),
        )
    ]  # fmt: skip
    if scenario == SINGLE_STREAM:
        bucket = np.searchsorted(_array(samples, "tercile_chars"), _array(samples, f"{prefix}_chars", length=len(ns)))
        for index, name in enumerate(("short", "medium", "long")):
            if (bucket == index).any():
                rows.append(_row(ns[bucket == index], scenario, threads, name))
    return rows


def _row(ns: npt.NDArray[Any], scenario: str, threads: int, bucket: str, **more: Any) -> Latency:
    p50, p90, p95, p99 = (float(p) for p in np.percentile(ns, [50, 90, 95, 99]) / 1e6)
    size = BATCH_SIZES[scenario]
    return Latency(
        scenario=cast(Any, scenario), batch_size=size, threads=threads, bucket=cast(Any, bucket), n=len(ns),
        p50_ms=p50, p90_ms=p90, p95_ms=p95, p99_ms=p99 if len(ns) >= P99_FROM else None,
        texts_per_s=len(ns) * size / (float(ns.sum()) / 1e9), **more,
    )  # fmt: skip


def _stages(samples: Arrays, prefix: str) -> dict[str, float]:
    if f"{prefix}_stages" not in samples or not len(samples[f"{prefix}_stages"]):
        return {}
    names = [str(name) for name in _array(samples, f"{prefix}_stage_names")]
    medians = np.median(_array(samples, f"{prefix}_stages", len(names)), axis=0) / 1e6
    return {name: float(median) for name, median in zip(names, medians, strict=True)}


def _energy(samples: Arrays, threads: int) -> Energy:
    name = f"{SINGLE_STREAM}_t{threads}_energy"
    if name not in samples:
        return Energy()
    joules, texts = _array(samples, name, 2).sum(axis=0)
    return Energy(joules_per_1000_texts=float(1000 * joules / texts), source="rapl")


def _array(samples: Arrays, name: str, columns: int | None = None, length: int | None = None) -> npt.NDArray[Any]:
    """A named array that is not empty, [n, columns] or [n]; anything else is an error."""
    if name not in samples:
        raise BenchError(f"the samples lack the array '{name}'")
    array = samples[name]
    if array.ndim != (1 if columns is None else 2) or not len(array) or (columns and array.shape[1] != columns):
        raise BenchError(f"the samples hold '{name}' with shape {array.shape}")
    if length is not None and len(array) != length:
        raise BenchError(f"the samples hold {len(array)} entries of '{name}' where {length} calls were timed")
    return array
