"""From a stored result to its row.

Read from plain documents, not from validated models: ten thousand of them are read while a user waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.board.row import LabelScore, Row, TrainingCurve
from bench.schema import Data

Document = Mapping[str, Any]
"""A result as it stands in `result.json`, in today's schema."""

SCORES = ("accuracy", "macro_f1", "macro_recall", "log_loss", "brier", "ece")
MEGABYTE = 1e6


def read_row(document: Document) -> Row:
    """What one result says by itself: on the board of its data set, without an ensemble's runs, not superseded."""
    identity, data = document["identity"], _data(document)
    limited = f", {data.limit} rows a split" if data.limit is not None else ""
    return Row(
        data=data,
        **_identity(document),
        **_scores(document),
        **_resources(document),
        **_times(document.get("measurement") or {}),
        **_energy(document.get("measurement") or {}),
        **_origin(document),
        **_details(document),
        member_run_ids=(),
        board=f"{data.dataset}{limited}",
        superseded=False,
        params=identity["params"],
        parent_artifacts=tuple((identity.get("key_parts") or {}).get("parent", "").split()),
    )


def _data(document: Document) -> Data:
    """As it is stored, with the number of texts that were scored."""
    stored = document["data"]
    return Data.model_validate(stored | {"n_test": (document.get("quality") or {}).get("n", stored.get("n_test"))})


def _identity(document: Document) -> dict[str, Any]:
    identity, outcome = document["identity"], document["outcome"]
    return {
        "run_id": document["run_id"],
        "parent_run_id": identity.get("parent_run_id"),
        "teacher_run_id": identity.get("teacher_run_id"),
        "track": identity["track"],
        "recipe": identity["recipe"],
        "variant": identity["variant"],
        "seed": identity["seed"],
        "status": outcome["status"],
        "status_reason": outcome.get("reason"),
        "phase": outcome.get("phase"),
        "started_at": outcome["started_at"],
        "train_seconds": outcome.get("train_seconds"),
        "suite": identity.get("suite"),
        "framework": identity["framework"],
        "artifact": identity.get("artifact"),
        "git_commit": identity.get("git_commit"),
        "dirty": identity.get("dirty"),
    }


def _scores(document: Document) -> dict[str, Any]:
    """The scores with the ends of their 95 % bootstrap intervals."""
    quality = document.get("quality") or {}
    found: dict[str, Any] = {}
    for name in SCORES:
        interval = quality.get(name) or {}
        found |= {name: interval.get("value"), f"{name}_low": interval.get("low"), f"{name}_high": interval.get("high")}
    return found | {"validation_accuracy": (document.get("validation") or {}).get("accuracy")}


def _resources(document: Document) -> dict[str, Any]:
    size, device, memory = (document.get(name) or {} for name in ("size", "device", "memory"))
    return {
        "parameters": size.get("parameters"),
        "nonzero_parameters": size.get("nonzero_parameters"),
        "bytes_on_disk": size.get("bytes_on_disk"),
        "bytes_gzipped": size.get("bytes_gzipped"),
        "runtime": device.get("runtime") or document["identity"]["framework"],
        "device": device.get("actual"),
        "dtype": device.get("dtype"),
        "inference_dtype": device.get("inference_dtype"),
        "peak_rss_mb": _megabytes(memory.get("inference_peak_bytes")),
        "training_peak_rss_mb": _megabytes(memory.get("training_peak_bytes")),
        "train_examples_per_s": (document.get("training") or {}).get("examples_per_second"),
    }


def _megabytes(count: int | None) -> float | None:
    return None if count is None else round(count / MEGABYTE, 3)


def _times(measurement: Document) -> dict[str, Any]:
    """Over texts of every length, at the largest thread setting and at one thread; and those of a cold start."""
    whole = [latency for latency in measurement.get("latency") or () if latency.get("bucket", "all") == "all"]
    most = max((latency["threads"] for latency in whole), default=None)
    found: dict[str, Any] = {"threads": most}
    for threads, ending in ((most, ""), (1, "_t1")):
        here = [latency for latency in whole if latency["threads"] == threads]
        single: Document = next((e for e in here if e["scenario"] == "single_stream" and e["batch_size"] == 1), {})
        offline: Document = next((e for e in here if e["scenario"] == "offline" and e["batch_size"] == 32), {})
        found["p50_ms_b1" + ending] = single.get("p50_ms")
        found["p95_ms_b1" + ending] = single.get("p95_ms")
        found["texts_per_s_b32" + ending] = offline.get("texts_per_s")
    cold = measurement.get("cold_start") or {}
    return found | {name: cold.get(name) for name in ("import_ms", "load_ms", "first_call_ms")}


def _energy(measurement: Document) -> dict[str, Any]:
    """An estimate never shares a column with a measurement."""
    energy = measurement.get("energy") or {}
    joules, source = energy.get("joules_per_1000_texts"), energy.get("source", "none")
    estimated = source == "estimate"
    return {
        "energy_source": source,
        "energy_measured_j_per_1000": None if estimated else joules,
        "energy_estimated_j_per_1000": joules if estimated else None,
    }


def _origin(document: Document) -> dict[str, Any]:
    """Where it was trained and timed."""
    measurement = document.get("measurement") or {}
    machine = document["environment"]["machine"]
    return {
        "warnings": tuple((document.get("training") or {}).get("warnings") or ()),
        "machine": machine,
        "timed_on": (measurement.get("machine") or machine) if measurement else None,
        "protocol": measurement.get("protocol"),
    }


def _details(document: Document) -> dict[str, Any]:
    """What figures are drawn from, as small as they need it."""
    quality, training = document.get("quality") or {}, document.get("training") or {}
    history = training.get("history") or ()
    names = ("loss", "validation_loss", "validation_accuracy")
    curve = None
    if len(history) > 1:  # a single point is no curve
        epochs = tuple(entry.get("epoch", float(i)) for i, entry in enumerate(history, start=1))
        values = {name: tuple([entry.get(name) for entry in history]) for name in names}
        reported = {name: some for name, some in values.items() if some.count(None) < len(some)}
        curve = TrainingCurve(training.get("best_epoch"), epochs, reported)
    return {
        "label_scores": tuple(LabelScore(e["label"], e["f1"], e["support"]) for e in quality.get("per_class") or ()),
        "confusion": tuple(map(tuple, quality.get("confusion") or ())),
        "curve": curve,
    }
