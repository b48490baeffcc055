"""The common results schema: one JSON document a run, every field documented where it is declared.

`SCHEMA_VERSION` is an integer. An older document is migrated up when it is read, a newer one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bench.clock import Time
from bench.contract import Truncation
from bench.errors import BenchError, NewerVersionError, one_line
from bench.renames import LATER, renamed, renamed_params

SCHEMA_VERSION = 6

Document = dict[str, Any]
"""A result as its JSON has it."""
Status = Literal["ok", "failed", "timeout", "out_of_memory", "unavailable", "skipped"]
Phase = Literal["prepare", "train", "predict", "score", "measure"]


def _is_name(text: str) -> str:
    if text.startswith(".") or set("/\\") & set(text) or not text.isprintable() or not text:
        raise ValueError("no name of a file or folder, as nothing in it may lead elsewhere")
    return text


Name = Annotated[str, AfterValidator(_is_name)]
"""Names a file or folder."""


class Block(BaseModel):
    """A closed part of a result: unknown fields are errors, numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Interval(Block):
    """A point estimate with its 95 % percentile bootstrap interval over the test texts."""

    value: float
    low: float
    high: float


class Identity(Block):
    """What was run."""

    track: str = Field(description="The top-level package of the recipe.")
    recipe: str
    variant: str = Field(
        description="What differs from the recipe's defaults, `key=value` joined by commas; empty for none."
    )
    framework: str
    params: dict[str, Any] = Field(description="All parameters, defaults filled in.")
    seed: int
    suite: str | None = Field(None, description="The suite that it was first run for.")
    parent_run_id: Name | None = Field(None, description="The run whose artifact was compressed.")
    teacher_run_id: Name | None = None
    artifact: Name | None = Field(None, description="Content hash of the artifact's folder, which is also its name.")
    artifact_key: Name = Field(description="Hash of everything that made the artifact; its parts are in `key_parts`.")
    evaluation_key: str | None = None
    measurement_key: str | None = None
    key_parts: dict[str, str] = Field(
        default_factory=dict, description="The named parts of the artifact key, so that a cache miss can be explained."
    )
    source_hash: str = Field(description="Hash of the recipe's file and its declared helpers.")
    git_commit: str | None = None
    dirty: bool | None = Field(None, description="Whether tracked files differed from the commit.")


TrainedOn = Annotated[str, Field(pattern=r"^(train|train\+validation|[1-9]\d* a label)$")]
"""`8 a label`: eight texts of train of each label, and no validation."""
REFIT_NOTE = "trained on train and validation together"
"""How the note of a refit begins."""


class Data(Block):
    """The facts of the data that a run was trained and tested on; the board and its rows hold it whole."""

    dataset: str
    revision: str
    split: str = Field("test", description="The split that the quality is of.")
    split_hash: str | None = Field(None, description="Hash of the test rows, ids, texts and labels.")
    train_hash: str | None = Field(None, description="Hash of the training and validation rows.")
    trained_on: TrainedOn = Field(
        "train",
        description="`train+validation` for a refit: nothing was chosen on validation, which has no scores. "
        "`8 a label`: so many texts of train of each label; nothing was chosen on validation, which was scored.",
    )
    n_train: int | None = None
    n_validation: int | None = None
    n_test: int | None = None
    label_names: list[str] = Field(default_factory=list)
    normalization: str = "none"
    limit: int | None = Field(None, description="Rows kept of each split; null unless truncated.")
    notes: list[str] = Field(
        default_factory=list,
        description="What a reader must know of this copy: rebuilt, partial, synthetic, scored on dev.",
    )

    @property
    def content(self) -> str:
        """Hash of the test rows, the revision where none is stored."""
        return self.split_hash or self.revision

    @property
    def refit(self) -> bool:
        """Whether it was trained on train and validation together."""
        return self.trained_on == "train+validation"

    @property
    def set_notes(self) -> list[str]:
        """The notes on the data set: all but that of a refit, which is of the one line that names it."""
        return [note for note in self.notes if not note.startswith(REFIT_NOTE)]


class Outcome(Block):
    """How it went."""

    status: Status
    phase: Phase | None = Field(None, description="The phase that failed.")
    reason: str | None = Field(None, description="One line.")
    exit_code: int | None = None
    log_tail: str | None = None
    started_at: Time
    train_seconds: float | None = None
    predict_seconds: float | None = None
    measure_seconds: float | None = None


class Environment(Block):
    """The machine and the software. Times are compared on one `machine` only."""

    machine: str = Field(description="Hash of CPU model, cores, memory and accelerator.")
    os: str
    cpu: str
    cpu_flags: list[str] = Field(
        default_factory=list, description="Instruction sets that matter: avx2, avx512f, vnni, bf16, amx."
    )
    cores: int
    ram_gb: float
    accelerator: str | None = None
    python: str
    packages: dict[str, str] = Field(default_factory=dict)
    thread_settings: dict[str, str] = Field(default_factory=dict)


class Device(Block):
    """What the training was to run on, and did."""

    requested: str = "auto"
    actual: str = "cpu"
    runtime: str | None = Field(
        default=None, description="What executes the model at inference: `scikit-learn`, `keras`, `onnxruntime`, …"
    )
    inference_dtype: str | None = Field(
        default=None, description="What the runtime really computes most matmuls in: `float32`, `int8`, …"
    )
    strategy: str = "single"
    replicas: int = 1
    dtype: str = Field("float32", description="Of the training.")
    batch_per_replica: int | None = None
    global_batch: int | None = None
    accumulation: int = Field(1, description="How many parts the batch of a replica was computed in.")
    hosts: list[str] = Field(
        default_factory=list, description="Of each replica of the training, where there were several."
    )


class TrainingLog(Block):
    """How the training went."""

    examples_per_second: float | None = None
    epochs_run: int | None = None
    best_epoch: int | None = Field(None, description="From 1, chosen on validation.")
    history: list[dict[str, float]] = Field(default_factory=list, description="One entry an epoch.")
    trainable_share: float | None = Field(None, description="Of the weights that were trained; null for all of them.")
    teacher_bytes: int | None = Field(None, description="Of the teacher's artifact; the student's are in `size`.")
    warnings: list[str] = Field(default_factory=list)


class PerClass(Block):
    """Precision, recall and F1 of one label."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class MultiLabel(Block):
    """What is told of texts of any number of labels beside the scores that all texts have."""

    micro_f1: Interval = Field(description="F1 of all decisions on all labels together.")
    hamming_loss: Interval = Field(description="Share of these decisions that are wrong.")
    thresholds: list[float] = Field(
        description="The probability from which a text gets a label, in `label_names` order, fitted on validation."
    )


class Quality(Block):
    """Scores of the test predictions, by the harness alone."""

    accuracy: Interval = Field(description="Of texts of several labels: the share with exactly the right ones.")
    macro_f1: Interval
    macro_recall: Interval
    log_loss: Interval = Field(
        description="Natural logarithm, probabilities clipped at 1e-7; of several labels a text the mean over labels."
    )
    brier: Interval = Field(description="Sum over labels of the squared error, mean over texts: 0 to 2.")
    ece: Interval = Field(
        description="Expected calibration error of the top label, 15 equal-width bins; of several labels of each label."
    )
    per_class: list[PerClass]
    confusion: list[list[int]] = Field(
        description="Rows are true labels, columns predicted, in `label_names` order; empty for several labels a text."
    )
    multi_label: MultiLabel | None = Field(None, description="Null where each text has one label.")
    n: int
    bootstrap: int = Field(description="Resamples behind the intervals.")


class Validation(Block):
    """Scores on validation: what any choice between models rests on."""

    accuracy: float
    macro_f1: float
    macro_recall: float
    log_loss: float
    n: int


class Size(Block):
    """How large the artifact is. Megabytes are never stored, bytes are."""

    parameters: int
    nonzero_parameters: int
    bytes_on_disk: int = Field(description="Sum of the files of the artifact.")
    bytes_gzipped: int = Field(description="Of the same files, gzip level 6.")
    bits_per_weight: float = Field(description="8 × bytes on disk / parameters.")
    files: dict[str, int] | None = Field(
        None, description="Bytes of each file, by its path in the artifact; null where measured before version 4."
    )


class Latency(Block):
    """One scenario timed: text in, label out, tokenization included. The samples lie beside it in `samples.npz`."""

    scenario: Literal["single_stream", "offline"]
    batch_size: int
    threads: int
    bucket: Literal["all", "short", "medium", "long"] = Field(
        "all", description="Terciles of the character lengths of the test texts."
    )
    n: int = Field(description="Samples, each one call.")
    p50_ms: float = Field(description="Median of the round medians; by protocol `rounds-1` the median of all calls.")
    p50_low_ms: float | None = Field(None, description="End of its interval over rounds, of at least 95 %.")
    p50_high_ms: float | None = Field(None, description="The other end; none with fewer than six rounds.")
    p90_ms: float = Field(description="Of all calls of all rounds, as the next two.")
    p95_ms: float
    p99_ms: float | None = Field(None, description="Only from n ≥ 1000.")
    texts_per_s: float = Field(
        description="Texts over seconds spent in calls: the median over rounds; by `rounds-1` of all together."
    )
    texts_per_s_low: float | None = Field(None, description="End of its interval over rounds, of at least 95 %.")
    texts_per_s_high: float | None = None
    rounds_p50_ms: list[float] = Field(
        default_factory=list, description="The median of each round, in the order of the rounds; of the bucket `all`."
    )
    rounds_texts_per_s: list[float] = Field(default_factory=list, description="The throughput of each round.")
    warmup_calls: int | None = Field(
        None, description="Most over the rounds, before the last calls varied under 5 % or the bound was met."
    )
    warm: bool | None = Field(None, description="Whether the warm-up of every round became even within its bound.")
    steady: bool | None = Field(
        None, description="Whether the round medians neither scatter nor drift by more than 10 %; null by `rounds-1`."
    )
    stages_ms: dict[str, float] = Field(default_factory=dict, description="Median of each stage, timed apart.")


class ColdStart(Block):
    """From a fresh process to the first answer, medians over the rounds."""

    import_ms: float
    load_ms: float
    first_call_ms: float


class Memory(Block):
    """Peak resident memory, by VmHWM."""

    inference_peak_bytes: int | None = None
    training_peak_bytes: int | None = None
    device_peak_bytes: int | None = None


class Energy(Block):
    """Joules for 1,000 single texts, with the source named; an estimate never stands where a measurement could."""

    joules_per_1000_texts: float | None = None
    source: Literal["rapl", "nvml", "estimate", "none"] = "none"


class Gap(Block):
    """A stop within a measuring session, after which it went on: same boot, same software, same contestants."""

    before_round: int = Field(description="The round, from 0, that ran after it. A round is never cut in two.")
    seconds: float


class Session(Block):
    """The measuring session: what one command timed in turn on one boot of one machine. Ratios are within one."""

    id: Name = Field(description="Begins with the time of its start, so that text sorts as time does.")
    started_at: Time
    boot_id: str | None = Field(None, description="Of the kernel; null where the system does not tell it.")
    kernel: str
    software: str = Field(description="Hash of the interpreter, all installed packages and the commit of the code.")
    gaps: list[Gap] = Field(default_factory=list)


class Round(Block):
    """When one round of one artifact was taken, in a fresh process, and what else the machine did meanwhile."""

    threads: int
    number: int = Field(description="From 0. Rounds of one number ran one after the other, over all contestants.")
    started_at: Time
    other_load: float | None = Field(
        description="Cores that other processes, or other guests of the host, kept busy; null where it cannot be read."
    )


class Reference(Block):
    """The session's fixed workload, timed as one more contestant in the same rounds: a yardstick between sessions."""

    threads: int
    p50_ms: float
    p50_low_ms: float | None = None
    p50_high_ms: float | None = None
    rounds_p50_ms: list[float]


class Measurement(Block):
    """What one protocol measured on one machine."""

    protocol: str
    rounds: int = Field(description="At each thread setting.")
    latency: list[Latency]
    cold_start: ColdStart
    energy: Energy = Energy()
    interleaved_with: int = Field(description="Contestants that shared the rounds, this one included.")
    machine: str | None = Field(
        default=None, description="Where it was measured; where none is named, on the machine of the training."
    )
    session: Session | None = Field(None, description="Null for what was measured before sessions were recorded.")
    timed: list[Round] = Field(default_factory=list, description="Each round, threads apart.")
    reference: list[Reference] = Field(default_factory=list, description="One entry a thread setting.")


class Result(Block):
    """One run. `predictions.npz` (ids, labels, probabilities) and `samples.npz` (nanoseconds) lie beside it."""

    schema_version: Literal[6] = 6
    run_id: Name
    identity: Identity
    data: Data
    outcome: Outcome
    environment: Environment
    device: Device = Device()
    training: TrainingLog | None = None
    validation: Validation | None = None
    quality: Quality | None = None
    truncation: Truncation | None = Field(
        default=None, description="Share of the test texts, and of their tokens, that the model does not read."
    )
    size: Size | None = None
    measurement: Measurement | None = None
    memory: Memory | None = None


def _typed_training(document: Document) -> Document:
    """Version 2: what no epoch has of its own has fields, where entries of the history held it."""
    training = document.get("training")
    if training is None:
        return document | {"schema_version": 2}
    held = {name: value for entry in training["history"] for name, value in entry.items()}
    moved = {"trainable_share", "teacher_bytes", "student_bytes"}
    teacher = held.get("teacher_bytes")
    typed = training | {
        "history": [
            {name: value for name, value in entry.items() if name not in moved} for entry in training["history"]
        ],
        "trainable_share": held.get("trainable_share"),
        "teacher_bytes": None if teacher is None else int(teacher),
    }
    return document | {"schema_version": 2, "training": typed}


def _renamed_parameters(document: Document) -> Document:
    """Versions 2 and 6: parameters have today's names, also within those of a student and in the variant."""
    identity = document["identity"]
    today = {"params": renamed_params(identity["params"]), "variant": renamed(identity["variant"])}
    return document | {"identity": identity | today}


def _steady_over_rounds(document: Document) -> Document:
    """Version 3: `steady` is of the rounds; what it was, of the warm-up, is `warm`."""
    measurement = document.get("measurement")
    if measurement is None:
        return document | {"schema_version": 3}
    latency = [row | {"warm": row.get("steady"), "steady": None} for row in measurement["latency"]]
    return document | {"schema_version": 3, "measurement": measurement | {"latency": latency}}


def _devices(document: Document) -> Document:
    """Version 6: what PyTorch's recipes called `processes` and TensorFlow's `workers` is `devices`, of `nodes`.

    What came since with a value that changes nothing has it, so that a model of then is one with that of today.
    """
    document = _renamed_parameters(document)
    identity = document["identity"]
    params = LATER.get(identity["recipe"], {}) | identity["params"]
    return document | {"schema_version": 6, "identity": identity | {"params": params}}


MIGRATIONS: dict[int, Callable[[Document], Document]] = {
    1: lambda first: _renamed_parameters(_typed_training(first)),
    2: _steady_over_rounds,
    3: lambda third: third | {"schema_version": 4},  # `size.files` came, which an older result does not have
    4: lambda fourth: fourth | {"schema_version": 5},  # `data.trained_on` may be of few labels, as it never was before
    5: _devices,
}
"""From version n to n + 1, by n."""


def parse(content: bytes, where: str = "result") -> Result:
    """The validated result that a file holds, migrated up to today's version.

    Raises `BenchError`, in one line that names the field, for what is no result, and `NewerVersionError`.
    """
    try:
        return Result.model_validate_json(content, strict=True)
    except ValidationError as error:
        older = _migrated(content, where)
        if older is None:
            raise _described(error, where) from None
    try:
        return Result.model_validate_json(json.dumps(older), strict=True)
    except ValidationError as error:
        raise _described(error, where) from None


def _migrated(content: bytes, where: str) -> Document | None:
    """A document of an older version in today's; None for one that is in today's already."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BenchError(f"{where}: no readable JSON: {one_line(error)}") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if type(version) is not int:
        raise BenchError(f"{where}: no integer schema_version; it is no result")
    if version == SCHEMA_VERSION:
        return None
    if version > SCHEMA_VERSION:
        raise NewerVersionError(f"{where}: schema version {version} is newer than {SCHEMA_VERSION}; upgrade sentibench")
    while version < SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise BenchError(f"{where}: there was never a schema version {version}; it is no result of this software")
        try:
            document = MIGRATIONS[version](document)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BenchError(f"{where}: marked as schema version {version}, but no result of it") from None
        version += 1
    return dict(document)


def _described(error: ValidationError, where: str) -> BenchError:
    first = error.errors()[0]
    return BenchError(f"{where}: field '{one_line('.'.join(map(str, first['loc'])))}': {one_line(first['msg'])}")
