"""Results as flat rows: one dict a run, the published columns first.

Works on plain documents, not on validated models: ten thousand of them are read while a user waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.artifact import PREFIX
from bench.schema import order_in_time

Row = dict[str, Any]
Document = dict[str, Any]

CSV_COLUMNS = (
    "run_id",
    "parent_run_id",
    "teacher_run_id",
    "track",
    "recipe",
    "variant",
    "dataset",
    "seed",
    "status",
    "n_test",
    "accuracy",
    "macro_f1",
    "macro_recall",
    "log_loss",
    "ece",
    "parameters",
    "bytes_on_disk",
    "runtime",
    "threads",
    "p50_ms_b1",
    "p95_ms_b1",
    "texts_per_s_b32",
    "train_examples_per_s",
    "peak_rss_mb",
    "artifact",
)
"""The published columns in their published order; a row may have more after them."""

SCORES = ("accuracy", "macro_f1", "macro_recall", "log_loss", "brier", "ece")
MEGABYTE = 1e6
FROM = " ← "
"""Between a model and its parent."""
NOTES = " | "
"""Between the notes of a row: a note may hold any other stop."""


def rows(documents: Iterable[Document]) -> list[Row]:
    """One dict a run, `CSV_COLUMNS` first and in order; what was not measured is None.

    `threads`, `p50_ms_b1`, `p95_ms_b1` and `texts_per_s_b32` are of the largest thread setting that was measured, which
    is all cores; the columns ending in `_t1` are of one thread. Fractions are 0 to 1, a megabyte is 10^6 bytes.
    `superseded` says that a newer run of the same thing counts in its place.
    """
    found = [_row(document) for document in documents]
    _find_members(found)
    _assign_boards(found)
    _mark_superseded(found)
    return found


def counted(all_rows: Iterable[Row]) -> list[Row]:
    """The rows that a leaderboard and a report stand on: those that no newer run supersedes."""
    return [row for row in all_rows if not row["superseded"]]


def model_name(row: Row) -> str:
    """`recipe[variant]`, as a user would type it."""
    return f"{row['recipe']}[{row['variant']}]" if row["variant"] else str(row["recipe"])


def _row(document: Document) -> Row:
    times = _times(document.get("measurement") or {})
    return _published(document, times) | _further(document, times)


def _published(document: Document, times: Mapping[str, Any]) -> Row:
    """The columns of `results.csv` that are fixed, in their order."""
    identity, data, outcome = document["identity"], document["data"], document["outcome"]
    quality, size, device = document.get("quality") or {}, document.get("size") or {}, document.get("device") or {}
    training, memory = document.get("training") or {}, document.get("memory") or {}
    score = {name: quality[name]["value"] if name in quality else None for name in SCORES}
    return {
        "run_id": document["run_id"],
        "parent_run_id": identity.get("parent_run_id"),
        "teacher_run_id": identity.get("teacher_run_id"),
        "track": identity["track"],
        "recipe": identity["recipe"],
        "variant": identity["variant"],
        "dataset": data["dataset"],
        "seed": identity["seed"],
        "status": outcome["status"],
        "n_test": quality.get("n", data.get("n_test")),
        "accuracy": score["accuracy"],
        "macro_f1": score["macro_f1"],
        "macro_recall": score["macro_recall"],
        "log_loss": score["log_loss"],
        "ece": score["ece"],
        "parameters": size.get("parameters"),
        "bytes_on_disk": size.get("bytes_on_disk"),
        "runtime": device.get("runtime") or identity["framework"],
        "threads": times["threads"],
        "p50_ms_b1": times["p50_ms_b1"],
        "p95_ms_b1": times["p95_ms_b1"],
        "texts_per_s_b32": times["texts_per_s_b32"],
        "train_examples_per_s": training.get("examples_per_second"),
        "peak_rss_mb": _megabytes(memory.get("inference_peak_bytes")),
        "artifact": identity.get("artifact"),
    }


def _further(document: Document, times: Mapping[str, Any]) -> Row:
    """Columns beyond the fixed ones."""
    identity, data, outcome = document["identity"], document["data"], document["outcome"]
    quality, size, device = document.get("quality") or {}, document.get("size") or {}, document.get("device") or {}
    memory = document.get("memory") or {}
    return {
        "status_reason": outcome.get("reason"),
        "phase": outcome.get("phase"),
        "started_at": outcome["started_at"],
        "train_seconds": outcome.get("train_seconds"),
        "suite": identity.get("suite"),
        "framework": identity["framework"],
        **_bounds(quality),
        "brier": quality["brier"]["value"] if "brier" in quality else None,
        "validation_accuracy": (document.get("validation") or {}).get("accuracy"),
        "nonzero_parameters": size.get("nonzero_parameters"),
        "bytes_gzipped": size.get("bytes_gzipped"),
        "p50_ms_b1_t1": times["p50_ms_b1_t1"],
        "p95_ms_b1_t1": times["p95_ms_b1_t1"],
        "texts_per_s_b32_t1": times["texts_per_s_b32_t1"],
        **_cold_start(document.get("measurement") or {}),
        **_energy(document.get("measurement") or {}),
        "training_peak_rss_mb": _megabytes(memory.get("training_peak_bytes")),
        "device": device.get("actual"),
        "dtype": device.get("dtype"),
        "inference_dtype": device.get("inference_dtype"),
        "normalization": data.get("normalization"),
        "revision": data["revision"],
        "limit": data.get("limit"),
        "n_train": data.get("n_train"),
        "notes": NOTES.join(data.get("notes") or ()),
        "warnings": NOTES.join((document.get("training") or {}).get("warnings") or ()),
        "machine": document["environment"]["machine"],
        "timed_on": _timed_on(document),
        "protocol": (document.get("measurement") or {}).get("protocol"),
        "git_commit": identity.get("git_commit"),
        "dirty": identity.get("dirty"),
        "content": data.get("split_hash") or data["revision"],
        "member_run_ids": (identity.get("key_parts") or {}).get("parent", ""),
        "board": "",
        "superseded": False,
    }


def _timed_on(document: Document) -> str | None:
    """The machine of the times, which need not be that of the training."""
    measurement = document.get("measurement")
    return (measurement.get("machine") or document["environment"]["machine"]) if measurement else None


def _megabytes(count: int | None) -> float | None:
    return None if count is None else round(count / MEGABYTE, 3)


def _bounds(quality: Document) -> Row:
    """The ends of the 95 % bootstrap intervals of the scores that have columns."""
    ends = {}
    for name in SCORES:
        for end in ("low", "high"):
            ends[f"{name}_{end}"] = quality[name][end] if name in quality else None
    return ends


def _times(measurement: Document) -> Row:
    """Latency and throughput over texts of every length, at the largest thread setting and at one thread."""
    whole = [latency for latency in measurement.get("latency") or () if latency.get("bucket", "all") == "all"]
    most = max((latency["threads"] for latency in whole), default=None)
    found: Row = {"threads": most}
    for threads, ending in ((most, ""), (1, "_t1")):
        here = [latency for latency in whole if latency["threads"] == threads]
        single: Document = next((e for e in here if e["scenario"] == "single_stream" and e["batch_size"] == 1), {})
        offline: Document = next((e for e in here if e["scenario"] == "offline" and e["batch_size"] == 32), {})
        found["p50_ms_b1" + ending] = single.get("p50_ms")
        found["p95_ms_b1" + ending] = single.get("p95_ms")
        found["texts_per_s_b32" + ending] = offline.get("texts_per_s")
    return found


def _cold_start(measurement: Document) -> Row:
    cold = measurement.get("cold_start") or {}
    return {name: cold.get(name) for name in ("import_ms", "load_ms", "first_call_ms")}


def _energy(measurement: Document) -> Row:
    """An estimate never shares a column with a measurement."""
    energy = measurement.get("energy") or {}
    joules, source = energy.get("joules_per_1000_texts"), energy.get("source", "none")
    estimated = source == "estimate"
    return {
        "energy_source": source,
        "energy_measured_j_per_1000": None if estimated else joules,
        "energy_estimated_j_per_1000": joules if estimated else None,
    }


def _mark_superseded(all_rows: list[Row]) -> None:
    """Of several runs of one thing the newest ok one counts; where none is ok, the newest."""
    by_id = {row["run_id"]: row for row in all_rows}
    newest: dict[tuple[Any, ...], Row] = {}
    for row in all_rows:
        key = (
            *line_key(row, by_id),
            row["seed"],
            _seed(row["parent_run_id"], by_id),
            _seed(row["teacher_run_id"], by_id),
        )
        other = newest.get(key)
        if other is None:
            newest[key] = row
            continue
        older, newer = sorted((other, row), key=_standing)
        older["superseded"] = True
        newest[key] = newer


def _standing(row: Row) -> tuple[bool, str, str]:
    """Orders runs of one thing, the one that counts last."""
    return row["status"] == "ok", order_in_time(row["started_at"]), row["run_id"]


def _find_members(all_rows: list[Row]) -> None:
    """Name the runs that an ensemble is made of, by the beginnings of their artifacts' hashes; none for other rows."""
    runs = {row["artifact"][:PREFIX]: row["run_id"] for row in all_rows if row["artifact"]}
    for row in all_rows:
        members = row["member_run_ids"].split()
        row["member_run_ids"] = " ".join(runs.get(one, one) for one in members) if len(members) > 1 else ""


def line_key(row: Row, by_id: dict[str, Row]) -> tuple[Any, ...]:
    """What the runs of one leaderboard line share: all but the seed."""
    teacher = _ancestor(row["teacher_run_id"], by_id)
    return row["board"], row["track"], row["recipe"], row["variant"], origins(row, by_id), teacher


def _assign_boards(all_rows: list[Row]) -> None:
    """Name the leaderboard of each row: a data set, and apart from it its truncated copies and other test rows.

    A failure may have ended before its data were read; it stands with the newest results of its data set.
    """
    contents: dict[tuple[Any, ...], list[str]] = {}
    for row in sorted(all_rows, key=lambda r: order_in_time(r["started_at"])):
        seen = contents.setdefault((row["dataset"], row["limit"]), [])
        if row["status"] == "ok" and row["content"] not in seen:
            seen.append(row["content"])
    for row in all_rows:
        seen = contents[row["dataset"], row["limit"]]
        content = row["content"] if row["content"] in seen or not seen else seen[-1]
        limited = f", {row['limit']} rows a split" if row["limit"] is not None else ""
        row["board"] = f"{row['dataset']}{limited}" + (f", test rows {content[:8]}" if len(seen) > 1 else "")


def _ancestor(run_id: str | None, by_id: dict[str, Row]) -> str:
    """The lineage of a parent or teacher, its run id where its result is not here, empty for none."""
    if run_id is None:
        return ""
    return lineage(by_id[run_id], by_id) if run_id in by_id else run_id


def origins(row: Row, by_id: dict[str, Row]) -> tuple[str, ...]:
    """The lineages of what a model was made of: of one parent, of all members of an ensemble, or none."""
    made_of = [row["parent_run_id"]] if row["parent_run_id"] else row["member_run_ids"].split()
    return tuple(_ancestor(run_id, by_id) for run_id in made_of)


def lineage(row: Row, by_id: dict[str, Row]) -> str:
    """`quantize ← prune[ratio=0.5] ← finetune`: a model and what it was made of."""
    return descent(model_name(row), origins(row, by_id))


def descent(name: str, made_of: Sequence[str]) -> str:
    """`ensemble ← 2 × finetune + linear`: a name with those of what it was made of, if anything."""
    each = [f"{count} × {one}" if count > 1 else one for one, count in Counter(made_of).items()]
    return name + (FROM + " + ".join(each) if each else "")


def _seed(run_id: str | None, by_id: dict[str, Row]) -> int | None:
    return by_id[run_id]["seed"] if run_id in by_id else None
