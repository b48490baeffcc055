"""One stored result as a typed row, and which of it are the columns of `results.csv`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from bench.schema import Data

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
"""The fixed columns of `results.csv` in their order; a table may have more after them."""

COLUMNS = (
    *CSV_COLUMNS,
    "status_reason",
    "phase",
    "started_at",
    "train_seconds",
    "suite",
    "framework",
    "accuracy_low",
    "accuracy_high",
    "macro_f1_low",
    "macro_f1_high",
    "macro_recall_low",
    "macro_recall_high",
    "log_loss_low",
    "log_loss_high",
    "brier_low",
    "brier_high",
    "ece_low",
    "ece_high",
    "brier",
    "validation_accuracy",
    "nonzero_parameters",
    "bytes_gzipped",
    "p50_ms_b1_t1",
    "p95_ms_b1_t1",
    "texts_per_s_b32_t1",
    "import_ms",
    "load_ms",
    "first_call_ms",
    "energy_source",
    "energy_measured_j_per_1000",
    "energy_estimated_j_per_1000",
    "training_peak_rss_mb",
    "device",
    "dtype",
    "inference_dtype",
    "normalization",
    "revision",
    "limit",
    "n_train",
    "notes",
    "warnings",
    "machine",
    "timed_on",
    "protocol",
    "git_commit",
    "dirty",
    "content",
    "member_run_ids",
    "board",
    "superseded",
)
"""All columns of `results.csv`."""

DATA_COLUMNS = ("dataset", "n_test", "normalization", "revision", "limit", "n_train", "notes", "content")
"""Those that are facts of the data set: they stand in `Row.data`."""

SEPARATORS = {"notes": " | ", "warnings": " | ", "member_run_ids": " "}
"""Between the parts of a column that holds several; a note may hold any other stop."""


class LabelScore(NamedTuple):
    """How well one label is found."""

    label: str
    f1: float
    support: int
    """Its test texts."""


class TrainingCurve(NamedTuple):
    """What a training of more than one epoch reported."""

    best_epoch: int | None
    epochs: tuple[float, ...]
    values: Mapping[str, tuple[float | None, ...]]
    """By name: `loss`, `validation_loss`, `validation_accuracy`; None for an epoch without."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run: what `results.csv` has columns for, and what a report stands on beside them; None: not measured.

    `threads`, `p50_ms_b1`, `p95_ms_b1` and `texts_per_s_b32` are of the largest thread setting that was measured, which
    is all cores; the columns ending in `_t1` are of one thread. Fractions are 0 to 1, a megabyte is 10^6 bytes.
    """

    run_id: str
    parent_run_id: str | None
    teacher_run_id: str | None
    track: str
    recipe: str
    variant: str
    """What differed from the recipe's defaults when it ran."""
    data: Data
    """The facts of its data set; `n_test` is of the texts that were scored."""
    seed: int
    status: str
    accuracy: float | None
    macro_f1: float | None
    macro_recall: float | None
    log_loss: float | None
    ece: float | None
    parameters: int | None
    bytes_on_disk: int | None
    runtime: str
    threads: int | None
    p50_ms_b1: float | None
    p95_ms_b1: float | None
    texts_per_s_b32: float | None
    train_examples_per_s: float | None
    peak_rss_mb: float | None
    artifact: str | None
    status_reason: str | None
    phase: str | None
    started_at: str
    train_seconds: float | None
    suite: str | None
    framework: str
    accuracy_low: float | None
    accuracy_high: float | None
    macro_f1_low: float | None
    macro_f1_high: float | None
    macro_recall_low: float | None
    macro_recall_high: float | None
    log_loss_low: float | None
    log_loss_high: float | None
    brier_low: float | None
    brier_high: float | None
    ece_low: float | None
    ece_high: float | None
    brier: float | None
    validation_accuracy: float | None
    nonzero_parameters: int | None
    bytes_gzipped: int | None
    p50_ms_b1_t1: float | None
    p95_ms_b1_t1: float | None
    texts_per_s_b32_t1: float | None
    import_ms: float | None
    load_ms: float | None
    first_call_ms: float | None
    energy_source: str
    energy_measured_j_per_1000: float | None
    energy_estimated_j_per_1000: float | None
    training_peak_rss_mb: float | None
    device: str | None
    dtype: str | None
    inference_dtype: str | None
    warnings: tuple[str, ...]
    machine: str
    timed_on: str | None
    """The machine of the times, which need not be that of the training."""
    protocol: str | None
    git_commit: str | None
    dirty: bool | None
    member_run_ids: tuple[str, ...]
    """The runs that an ensemble is made of, none for anything else."""
    board: str
    """The leaderboard that it stands on."""
    superseded: bool
    """A newer run of the same thing counts in its place."""
    params: Mapping[str, Any]
    """All parameters, as they were when it ran."""
    parent_artifacts: tuple[str, ...]
    """The beginnings of the hashes of what it was made of."""
    label_scores: tuple[LabelScore, ...]
    """Empty without scores, as the next."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows are true labels, columns predicted."""
    curve: TrainingCurve | None

    @property
    def model_name(self) -> str:
        """`recipe[variant]`, as it was called when it ran."""
        return f"{self.recipe}[{self.variant}]" if self.variant else self.recipe

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.status == "ok"


_columns_of = attrgetter(*(f"data.{name}" if name in DATA_COLUMNS else name for name in COLUMNS))


def published(row: Row) -> dict[str, Any]:
    """The columns of a row by name, several values of one column joined."""
    found = dict(zip(COLUMNS, _columns_of(row), strict=True))
    for name, separator in SEPARATORS.items():
        found[name] = separator.join(found[name])
    return found
