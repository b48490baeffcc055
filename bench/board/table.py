"""Rows as a table for programs: CSV and JSON, one run a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from bench.board.row import Footprint, Performance, Row, Scores, Speed
from bench.measure.multi_label import MultiLabelScores
from bench.measure.ordinal import OrdinalScores

CSV_COLUMNS = (
    "run_id", "parent_run_id", "teacher_run_id", "track", "recipe", "variant", "dataset", "seed", "status",
    "n_test", "accuracy", "macro_f1", "macro_recall", "log_loss", "ece", "parameters", "bytes_on_disk", "runtime",
    "threads", "p50_ms_b1", "p95_ms_b1", "texts_per_s_b32", "train_examples_per_s", "peak_rss_mb", "artifact",
)  # fmt: skip
"""The fixed columns of `results.csv` in their order; a table may have more after them.

`threads`, `p50_ms_b1`, `p95_ms_b1` and `texts_per_s_b32` are of the largest thread setting that was measured, which is
all cores; the columns ending in `_t1` are of one thread.
"""
COLUMNS = (
    *CSV_COLUMNS,
    "status_reason", "phase", "started_at", "train_seconds", "suite", "framework", "accuracy_low", "accuracy_high",
    "macro_f1_low", "macro_f1_high", "macro_recall_low", "macro_recall_high", "log_loss_low", "log_loss_high",
    "brier_low", "brier_high", "ece_low", "ece_high", "brier", "validation_accuracy", "nonzero_parameters",
    "bytes_gzipped", "p50_ms_b1_t1", "p95_ms_b1_t1", "texts_per_s_b32_t1", "import_ms", "load_ms", "first_call_ms",
    "energy_source", "energy_measured_j_per_1000", "energy_estimated_j_per_1000", "training_peak_rss_mb", "device",
    "dtype", "inference_dtype", "normalization", "revision", "limit", "n_train", "notes", "warnings", "machine",
    "timed_on", "protocol", "git_commit", "dirty", "content", "member_run_ids", "board", "superseded",
    "truncated_texts", "truncated_tokens", "session", "p50_low_ms_b1", "p50_high_ms_b1", "steady", "other_load",
    "mean_absolute_error", "quadratic_kappa", "micro_f1", "hamming_loss",
)  # fmt: skip
"""All columns of `results.csv`."""
SEPARATORS = {"notes": " | ", "warnings": " | ", "member_run_ids": " "}
"""Between the parts of a column that holds several; a note may hold any other stop."""


def _paths() -> dict[str, str]:
    """Where those columns are in a row that are no fields of the row itself."""
    data = ("dataset", "n_test", "normalization", "revision", "limit", "n_train", "notes", "content")
    scores = [name for name in Scores._fields if name != "validation_accuracy"]
    return {
        **{name: f"data.{name}" for name in data},
        **{name: f"scores.{name}.value" for name in scores},
        **{f"{name}_{end}": f"scores.{name}.{end}" for name in scores for end in ("low", "high")},
        "validation_accuracy": "scores.validation_accuracy",
        **{name: f"footprint.{name}" for name in Footprint._fields},
        **{name: f"truncated.{name.removeprefix('truncated_')}" for name in ("truncated_texts", "truncated_tokens")},
        **{name: f"ordinal.{name}" for name in OrdinalScores._fields},
        **{name: f"multi_label.{name}" for name in MultiLabelScores._fields},
        **{name: f"performance.{name}" for name in Performance._fields},
        **{name: f"performance.all_threads.{name}" for name in Speed._fields},
        **{f"{name}_t1": f"performance.one_thread.{name}" for name in Speed._fields},
    }


PATHS = _paths()


def reader(*columns: str) -> Callable[[Row], Any]:
    """What reads one column of a row, or several as a tuple."""
    return attrgetter(*(PATHS.get(name, name) for name in columns))


_read_columns = reader(*COLUMNS)


def csv_text(rows: Sequence[Row]) -> str:
    """One line a run; empty where not measured."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    lower = {True: "true", False: "false"}
    for row in rows:
        writer.writerow([lower[cell] if type(cell) is bool else cell for cell in published(row).values()])
    return buffer.getvalue()


def json_text(rows: Sequence[Row]) -> str:
    """A JSON array of objects, null where not measured."""
    return json.dumps([published(row) for row in rows], indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def published(row: Row) -> dict[str, Any]:
    """The columns of a row by name, several values of one column joined."""
    cells = dict(zip(COLUMNS, _read_columns(row), strict=True))
    for name, separator in SEPARATORS.items():
        cells[name] = separator.join(cells[name])
    return cells
