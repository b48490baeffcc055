"""From raw samples to published figures: one code for a new measurement and for recomputing a stored one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.measure.samples import BATCH_SIZES, SINGLE_STREAM, RoundSamples
from bench.measure.schedule import POOLED, PROTOCOLS
from bench.schema import ColdStart, Energy, Latency, Measurement, Reference, Round
from bench.stats.rounds import is_steady, median_interval

P99_FROM = 1000
"""Samples from which a 99th percentile is steady enough to print."""

Arrays = Mapping[str, npt.NDArray[Any]]
_NAME = re.compile(r"^(single_stream|offline)_t(\d+)_ns$")
_REFERENCE = re.compile(r"^reference_t(\d+)_ms$")


def summarize(
    rounds: Sequence[RoundSamples], interleaved_with: int = 1, reference: Sequence[RoundSamples] = ()
) -> tuple[Measurement, dict[str, npt.NDArray[Any]], int]:
    """The measurement of all rounds of one artifact, the arrays of its `samples.npz`, and its peak memory in bytes.

    `interleaved_with` counts the contestants that shared the rounds, this one included; `reference` are the rounds of
    the reference workload beside them.
    """
    if not rounds:
        raise BenchError("no round was measured; nothing to summarize")
    protocol, *others = sorted({r.protocol for r in (*rounds, *reference)})
    if others:
        raise BenchError(f"rounds of protocols {protocol} and {', '.join(others)} cannot be joined; measure again")
    ordered = sorted(rounds, key=lambda r: (r.threads, r.number))
    samples = _joined(ordered) | _reference_medians(reference)
    timed = [
        Round(threads=r.threads, number=r.number, started_at=r.started_at, other_load=r.other_load) for r in ordered
    ]
    measurement = measurement_from_samples(samples, protocol, interleaved_with).model_copy(update={"timed": timed})
    return measurement, samples, inference_peak_bytes(samples)


def _reference_medians(rounds: Sequence[RoundSamples]) -> dict[str, npt.NDArray[Any]]:
    """Of the single texts of each round, milliseconds."""
    medians: dict[int, list[float]] = {}
    for r in sorted(rounds, key=lambda r: r.number):
        medians.setdefault(r.threads, []).append(float(np.median(r.scenarios[SINGLE_STREAM].ns)) / 1e6)
    return {f"reference_t{threads}_ms": np.array(values) for threads, values in sorted(medians.items())}


def _joined(rounds: Sequence[RoundSamples]) -> dict[str, npt.NDArray[Any]]:
    """All rounds in one flat set of arrays: `samples.npz`, whose names `docs/measuring.md` lists."""
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
        "warmup": np.array([[part.warmup_calls, part.warm] for part in parts], np.int64),
    }
    if parts[0].stage_names:
        joined |= {"stage_names": np.array(parts[0].stage_names), "stages": np.concatenate([p.stages for p in parts])}
    if all(part.joules is not None for part in parts):
        joined["energy"] = np.array([[part.joules, part.calls * BATCH_SIZES[scenario]] for part in parts], np.float64)
    return {f"{prefix}_{name}": array for name, array in joined.items()}


def measurement_from_samples(samples: Arrays, protocol: str, interleaved_with: int = 1) -> Measurement:
    """Every published figure of a measurement by its protocol's rule, from the arrays of its `samples.npz` alone."""
    if protocol not in PROTOCOLS:
        raise BenchError(f"protocol '{protocol}' is none of {', '.join(PROTOCOLS)}; its figures cannot be recomputed")
    found = sorted(
        (int(match[2]), list(BATCH_SIZES).index(match[1])) for name in samples if (match := _NAME.match(name))
    )
    if not found:
        raise BenchError("no scenario among the samples; they are of another software or damaged")
    latency: list[Latency] = []
    for threads, scenario in found:
        latency += _rows(samples, list(BATCH_SIZES)[scenario], threads, pooled=protocol == POOLED)
    cold = np.median(_array(samples, "cold_start_ms", 3), axis=0)
    return Measurement(
        protocol=protocol,
        rounds=len(samples["cold_start_ms"]),
        latency=latency,
        cold_start=ColdStart(import_ms=float(cold[0]), load_ms=float(cold[1]), first_call_ms=float(cold[2])),
        energy=_energy(samples, threads=found[-1][0]),
        interleaved_with=interleaved_with,
        reference=[_reference(samples, name) for name in samples if _REFERENCE.match(name)],
    )


def inference_peak_bytes(samples: Arrays) -> int:
    """The highest peak of all measuring processes."""
    return int(_array(samples, "peak_rss_bytes").max())


def _rows(samples: Arrays, scenario: str, threads: int, pooled: bool) -> list[Latency]:
    """The row of all calls, and in single-stream those of the length buckets that have calls."""
    prefix = f"{scenario}_t{threads}"
    ns = _array(samples, f"{prefix}_ns")
    rounds = _array(samples, f"{prefix}_round", length=len(ns))
    warmup = _array(samples, f"{prefix}_warmup", 2)
    whole = _row(ns, rounds, scenario, threads, "all", pooled)
    rows = [
        whole.model_copy(
            update={
                "warmup_calls": int(warmup[:, 0].max()),
                "warm": bool(warmup[:, 1].all()),
                "stages_ms": _stages(samples, prefix),
                "steady": is_steady(whole.rounds_p50_ms),
            }
        )
    ]
    if scenario == SINGLE_STREAM:
        bucket = np.searchsorted(_array(samples, "tercile_chars"), _array(samples, f"{prefix}_chars", length=len(ns)))
        for index, name in enumerate(("short", "medium", "long")):
            if (bucket == index).any():
                row = _row(ns[bucket == index], rounds[bucket == index], scenario, threads, name, pooled)
                rows.append(row.model_copy(update={"rounds_p50_ms": [], "rounds_texts_per_s": []}))
    return rows


def _row(
    ns: npt.NDArray[Any], rounds: npt.NDArray[Any], scenario: str, threads: int, bucket: str, pooled: bool
) -> Latency:
    """Percentiles of all calls; the median and the throughput by round, unless `pooled`, where they are of all too."""
    p50, p90, p95, p99 = (float(p) for p in np.percentile(ns, [50, 90, 95, 99]) / 1e6)
    size = BATCH_SIZES[scenario]
    row = Latency(
        scenario=cast(Any, scenario), batch_size=size, threads=threads, bucket=cast(Any, bucket), n=len(ns),
        p50_ms=p50, p90_ms=p90, p95_ms=p95, p99_ms=p99 if len(ns) >= P99_FROM else None,
        texts_per_s=len(ns) * size / (float(ns.sum()) / 1e9),
    )  # fmt: skip
    return row if pooled else row.model_copy(update=_over_rounds([ns[rounds == n] for n in np.unique(rounds)], size))


def _over_rounds(rounds: Sequence[npt.NDArray[Any]], size: int) -> dict[str, Any]:
    medians = [float(np.median(ns)) / 1e6 for ns in rounds]
    rates = [len(ns) * size / (float(ns.sum()) / 1e9) for ns in rounds]
    p50, rate = median_interval(medians), median_interval(rates)
    return {
        "p50_ms": p50.value, "p50_low_ms": p50.low, "p50_high_ms": p50.high, "rounds_p50_ms": medians,
        "texts_per_s": rate.value, "texts_per_s_low": rate.low, "texts_per_s_high": rate.high,
        "rounds_texts_per_s": rates,
    }  # fmt: skip


def _reference(samples: Arrays, name: str) -> Reference:
    match, medians = _REFERENCE.match(name), [float(ms) for ms in _array(samples, name)]
    assert match is not None
    p50 = median_interval(medians)
    return Reference(
        threads=int(match[1]), p50_ms=p50.value, p50_low_ms=p50.low, p50_high_ms=p50.high, rounds_p50_ms=medians
    )


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
