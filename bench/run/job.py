"""The job of a worker and its answer: one type a phase, written and read in this module alone.

On disk both are JSON with a version: `job.json` holds an `Assignment`, `outcome.json` an `Outcome`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Params, Training, Truncation
from bench.data import Reading
from bench.measure.schedule import Schedule
from bench.schema import Status

VERSION: Literal[1] = 1
OUTCOME, LOG = "outcome.json", "log.txt"
"""In the folder of a phase, and in that of each rank."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Answer(_Message):
    """What a phase that went well leaves beside its files."""


A = TypeVar("A", bound=Answer)


class Job(_Message, Generic[A]):
    """The job of a worker; `answer` is the type of what it answers."""

    answer: ClassVar[type[Answer]] = Answer


class PrepareJob(Job[Answer]):
    """Read and split a data set into the store's folder of prepared data."""

    phase: Literal["prepare"] = "prepare"
    dataset: str
    reading: Reading
    data_dir: Path | None
    prepared: Path
    """The folder that holds one folder a prepared data set."""
    limit: int | None


class Trained(Answer):
    """What a training reports of itself."""

    training: Training
    seconds: float
    peak_bytes: int | None


class TrainJob(Job[Trained]):
    """Train, or compress `parents`, into the new folder `artifact`."""

    answer = Trained
    phase: Literal["train"] = "train"
    recipe: str
    params: Params
    shown: Params | None = None
    """The parameters as the artifact's card names them, without paths; None: as they are."""
    seed: int
    prepared: Path
    artifact: Path
    parents: tuple[Path, ...] = ()
    refit: bool = False
    per_label: int | None = None
    cache: Path | None = None
    checkpoint: Path | None = None
    data_dir: Path | None = None


class Predicted(Answer):
    """What a predictor reports of itself; `predictions.npz` lies in the worker's folder."""

    seconds: float
    parameters: int
    nonzero_parameters: int
    dtype: str
    device: str
    runtime: str
    truncation: Truncation | None = None
    """Of the test texts."""


class PredictJob(Job[Predicted]):
    """Predict the test texts and, but for a refit, the validation texts."""

    answer = Predicted
    phase: Literal["predict"] = "predict"
    artifact: Path
    prepared: Path
    refit: bool = False


class ValidateJob(Job[Answer]):
    """Predict the validation texts alone into `validation.npz`: the files of the test split are not opened."""

    phase: Literal["validate"] = "validate"
    artifact: Path
    prepared: Path


class MeasureJob(Job[Answer]):
    """Time one round; the samples lie in the worker's folder."""

    phase: Literal["measure"] = "measure"
    artifact: Path | None
    """None for the reference workload, which has texts and labels of its own."""
    texts: Path
    """A JSON list."""
    number: int
    """Of the round, from 0."""
    threads: int
    n_labels: int
    schedule: Schedule


class TeachJob(Job[Answer]):
    """Predict the `texts` (a JSON list), which are no test texts, into `probabilities.npz` of the worker's folder."""

    phase: Literal["teach"] = "teach"
    artifact: Path
    texts: Path


class Probed(Answer):
    """Each clause of the contract with what was wrong, None where it holds."""

    clauses: dict[str, str | None]


class ProbeJob(Job[Probed]):
    """Test the clauses of the recipe contract that need a loaded predictor."""

    answer = Probed
    phase: Literal["probe"] = "probe"
    artifact: Path
    prepared: Path


AnyJob = Annotated[
    PrepareJob | TrainJob | PredictJob | ValidateJob | MeasureJob | TeachJob | ProbeJob, Field(discriminator="phase")
]


class Assignment(_Message):
    """A job with what its worker needs to know of its place."""

    version: Literal[1] = VERSION
    job: AnyJob
    folder: Path
    """Where outcome and files go."""
    parent: int
    """The process that waits for it."""
    device: str
    threads: int
    progress: int | None = None
    """The descriptor to report progress on."""
    hosts: tuple[str, ...] = ()
    """Of each rank, where there are several."""


class Outcome(_Message):
    """How a phase ended: the answer as plain JSON where `status` is `ok`, else why not in one line."""

    version: Literal[1] = VERSION
    status: Status
    answer: dict[str, Any] | None = None
    reason: str | None = None


def rank_folder(folder: Path, rank: int) -> Path:
    """Where one of several ranks leaves its log and its outcome, below the folder of the phase."""
    return folder / f"rank-{rank}"
