"""One stored result as a typed row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.contract import Params
from bench.measure.multi_label import MultiLabelScores
from bench.measure.ordinal import OrdinalScores
from bench.schema import Data


class Context(NamedTuple):
    """Where times stand beside each other: one machine, one protocol, one measuring session."""

    machine: str
    protocol: str
    session: str
    """Empty for what was measured before sessions were recorded."""


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


class Score(NamedTuple):
    """A score with the ends of its 95 % bootstrap interval; None where nothing is scored."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class Scores(NamedTuple):
    """The scores of the test predictions, and the accuracy on validation. Fractions are 0 to 1."""

    accuracy: Score = Score()
    macro_f1: Score = Score()
    macro_recall: Score = Score()
    log_loss: Score = Score()
    brier: Score = Score()
    ece: Score = Score()
    validation_accuracy: float | None = None


class Footprint(NamedTuple):
    """How large the model is on disk and in memory. A megabyte is 10^6 bytes."""

    parameters: int | None = None
    nonzero_parameters: int | None = None
    bytes_on_disk: int | None = None
    bytes_gzipped: int | None = None
    peak_rss_mb: float | None = None
    training_peak_rss_mb: float | None = None


class Truncated(NamedTuple):
    """Shares of the test texts, and of their tokens, that are longer than the model reads; None where it reads all."""

    texts: float | None = None
    tokens: float | None = None


class Speed(NamedTuple):
    """Latency of single texts and throughput in batches of 32, at one setting of threads, texts of every length."""

    p50_ms_b1: float | None = None
    p95_ms_b1: float | None = None
    texts_per_s_b32: float | None = None
    p50_low_ms_b1: float | None = None
    """End of the interval over rounds of at least 95 %."""
    p50_high_ms_b1: float | None = None
    rounds_p50_ms: tuple[float, ...] = ()
    """Of each round; none by a protocol that kept no rounds apart, as of the next."""
    rounds_texts_per_s: tuple[float, ...] = ()
    p99_ms_b1: float | None = None
    """None where fewer than 1,000 calls were timed."""
    steady: bool | None = None
    """Whether neither scenario's rounds scatter or drift; None where that is not known."""


class Performance(NamedTuple):
    """What one protocol measured on one machine; an estimate of energy never shares a column with a measurement."""

    threads: int | None = None
    """The largest setting that was measured, which is all cores."""
    all_threads: Speed = Speed()
    one_thread: Speed = Speed()
    import_ms: float | None = None
    load_ms: float | None = None
    first_call_ms: float | None = None
    energy_source: str = "none"
    energy_measured_j_per_1000: float | None = None
    energy_estimated_j_per_1000: float | None = None
    timed_on: str | None = None
    """The machine of the times, which need not be that of the training."""
    protocol: str | None = None
    session: str | None = None
    """The measuring session; None for what was measured before sessions were recorded."""
    other_load: float | None = None
    """Most cores that others kept busy in a round; None where no round knows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run: what `results.csv` has columns for, and what a report needs beside them."""

    run_id: str
    parent_run_id: str | None
    teacher_run_id: str | None
    track: str
    recipe: str
    variant: str
    """What differed from the recipe's defaults when it ran."""
    params: Params
    """All parameters, as they were when it ran."""
    framework: str
    seed: int
    suite: str | None
    artifact: str | None
    parent_artifacts: tuple[str, ...]
    """The beginnings of the hashes of what it was made of."""
    git_commit: str | None
    dirty: bool | None
    data: Data
    """The facts of its data set; `n_test` is of the texts that were scored."""
    status: str
    status_reason: str | None
    phase: str | None
    """That failed."""
    started_at: str
    train_seconds: float | None
    train_examples_per_s: float | None
    warnings: tuple[str, ...]
    machine: str
    device: str
    dtype: str
    """Of the training."""
    runtime: str
    inference_dtype: str | None
    scores: Scores
    footprint: Footprint
    performance: Performance
    label_scores: tuple[LabelScore, ...]
    """Empty without scores, as the next."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows are true labels, columns predicted."""
    curve: TrainingCurve | None
    board: str
    """The leaderboard that it stands on."""
    ordinal: OrdinalScores = field(default_factory=OrdinalScores)
    multi_label: MultiLabelScores = field(default_factory=MultiLabelScores)
    thresholds: tuple[float, ...] = ()
    """From which probability a text gets each label, where it may have several; none where it has one."""
    truncated: Truncated = field(default_factory=Truncated)
    member_run_ids: tuple[str, ...] = ()
    """The runs that an ensemble is made of, none for anything else."""
    superseded: bool = False
    """A newer run of the same thing counts in its place."""

    @property
    def model_name(self) -> str:
        """`recipe[variant]`, as it was called when it ran."""
        return f"{self.recipe}[{self.variant}]" if self.variant else self.recipe

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.status == "ok"

    @property
    def context(self) -> Context:
        """Where and how it was timed; where it was not, the machine of its training."""
        performance = self.performance
        return Context(performance.timed_on or self.machine, performance.protocol or "", performance.session or "")

    @property
    def accuracy(self) -> float | None:
        """On the test texts; None where nothing is scored."""
        return self.scores.accuracy.value
