"""The contract between the harness and a recipe: the one module of `bench` that recipes import.

It needs the standard library and numpy alone, so that names and defaults are listed without loading a framework.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError, did_you_mean
from bench.foreign import refuse_code
from bench.normalize import normalizer

if TYPE_CHECKING:
    from bench.data.corpus import Corpus

__all__ = [
    "BenchError",
    "Choice",
    "Compression",
    "DeviceUse",
    "LogUniform",
    "Params",
    "Predictor",
    "Probabilities",
    "Recipe",
    "Split",
    "Teaching",
    "Training",
    "Uniform",
    "cache_dir",
    "checkpoint_dir",
    "did_you_mean",
    "kept_arrays",
    "load_artifact",
    "load_recipe",
    "named_recipe",
    "normalizer",
    "prepared_dir",
    "progress",
    "provenance",
    "read_card",
    "refuse_code",
    "requested_device",
    "teacher_probabilities",
    "train_corpus",
]

PARENTS = "parent's"
"""The normalization of a child that reads texts as its parent does."""
Params = Mapping[str, Any]
Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Teaching:
    """What a teacher says of the texts of a split, and how much a student listens (Hinton et al., 2015).

    The loss is alpha · T² · KL(teacher ‖ student), both at temperature T, + (1 − alpha) · cross-entropy with labels.
    A recipe that declares `learns_from_teacher` trains by it.
    """

    probabilities: Probabilities
    """Of each text at temperature 1, float32 [n_texts, n_labels]."""
    alpha: float
    temperature: float

    def softened(self) -> Probabilities:
        """The teacher's probabilities at the temperature, float32 [n_texts, n_labels]."""
        logits = np.log(np.maximum(self.probabilities, 1e-12)) / self.temperature
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class Split:
    """Texts with their labels: `labels[i]` is an index into `label_names`, int64 [n_texts]."""

    ids: list[str]
    texts: list[str]
    labels: npt.NDArray[np.int64]
    label_names: tuple[str, ...]
    teaching: Teaching | None = None
    """Of a training split whose student has a teacher."""

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Choice:
    """One of a few values that a search may try."""

    options: tuple[Any, ...]

    def __init__(self, *options: Any) -> None:
        object.__setattr__(self, "options", options)


@dataclass(frozen=True)
class Uniform:
    """A float from `low` to `high` that a search may try."""

    low: float
    high: float


@dataclass(frozen=True)
class LogUniform:
    """A float from `low` to `high`, even on a logarithmic scale, that a search may try."""

    low: float
    high: float


@dataclass(frozen=True)
class DeviceUse:
    """What a training really ran on."""

    actual: str = "cpu"
    dtype: str = "float32"
    strategy: str = "single"
    replicas: int = 1
    batch_per_replica: int | None = None
    accumulation: int = 1
    """How many parts the batch of a replica is computed in."""


@dataclass(frozen=True)
class Training:
    """What `fit` tells of itself: the harness stores it in the result."""

    examples_per_second: float | None = None
    """Training examples seen, over seconds spent in training steps (validation left out where it can be)."""
    epochs_run: int | None = None
    best_epoch: int | None = None
    """The epoch, from 1, whose weights are in the artifact, chosen on validation; None where nothing was chosen."""
    history: list[dict[str, float]] = field(default_factory=list)
    """One entry an epoch: `epoch` from 1, `loss`, `validation_loss`, `validation_accuracy`, `learning_rate`, …"""
    trainable_share: float | None = None
    """Of the weights, where some were frozen: those of adapters and head."""
    teacher_bytes: int | None = None
    """Of the files of the artifact that taught, where one did."""
    device: DeviceUse = DeviceUse()
    warnings: list[str] = field(default_factory=list)
    """What whoever reads the row should know, a line each: a student that is no smaller than its teacher, …"""


class Predictor(ABC):
    """A loaded artifact: text in, probabilities out, normalization and tokenization included."""

    parameters: int
    """Learned numbers in the artifact."""
    nonzero_parameters: int
    dtype: str = "float32"
    device: str = "cpu"
    """The device really used."""
    runtime: str
    """What executes the model: `scikit-learn`, `keras`, `torch`, `onnxruntime`, …"""

    @abstractmethod
    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities of each text, float32 [n_texts, n_labels], rows summing to 1."""

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """The steps of `predict_proba` that can be timed apart, in order, each fed with what the last returned."""
        return {}


class Recipe(ABC):
    """What trains one kind of model and loads it back. One file of `<track>/recipes/`, one recipe of the file's name.

    The module imports nothing heavy at its top: frameworks are imported inside of `fit` and `load`.
    """

    name: ClassVar[str]
    framework: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    """Importable packages it needs; where one is missing its runs are rows with status `unavailable`."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Every parameter with its default. Closed: an unknown key is an error."""
    space: ClassVar[Mapping[str, Choice | Uniform | LogUniform]] = {}
    """What a search may try."""
    smoke: ClassVar[Mapping[str, Any]] = {}
    """Parameters that make `--smoke` and the contract tests quick."""
    known_by: ClassVar[str] = ""
    """The parameter that its models are known by: the short names of reports show it, its default too."""
    path_params: ClassVar[tuple[str, ...]] = ()
    """Parameters that name a file or folder: its content, not its path alone, enters the artifact key."""
    sources: ClassVar[tuple[str, ...]] = ()
    """Helper files, relative to the track's folder, hashed with the recipe's own file into the artifact key."""
    normalization: ClassVar[str] = "none"
    """The name of the text normalization that the artifact is trained and served with."""
    learns_from_teacher: ClassVar[bool] = False
    """Whether `fit` trains by the `teaching` of its training split, where it has one."""

    def requires_for(self, params: Params) -> tuple[str, ...]:
        """What a run with these parameters needs, where it depends on them (on the runtime, say)."""
        return self.requires

    def normalization_for(self, params: Params) -> str:
        """The normalization of a run with these parameters, where it depends on them (on the backbone, say)."""
        return self.normalization

    def paths_for(self, params: Params) -> dict[str, Path]:
        """The files and folders that these parameters name, by parameter."""
        return {name: Path(params[name]) for name in self.path_params if params.get(name)}

    def builds_on(self, params: Params) -> tuple[str, ...]:
        """Other recipes whose code a run with these parameters rests on: their sources enter the artifact key too."""
        return ()

    def launcher(self, params: Params) -> list[str]:
        """Arguments of Python that start the training in several processes, as of `torchrun`; none for one process.

        Every process calls `fit` with an `out_dir` of its own, and what the first one leaves there is kept.
        """
        return []

    @abstractmethod
    def fit(self, train: Split, validation: Split, params: Params, seed: int, out_dir: Path) -> Training:
        """Train and leave a self-contained artifact in the empty folder `out_dir`, no pickle in it.

        An empty `validation` (a refit on all labelled rows) means: train for exactly `epochs`, where the recipe has
        them, and keep the last weights; what is otherwise fitted on validation is cross-validated inside of `train`.
        """

    @abstractmethod
    def load(self, artifact_dir: Path) -> Predictor:
        """The predictor of an artifact that `fit` left, in a process that knows nothing else."""


class Compression(Recipe):
    """What makes a smaller child of a trained artifact. Its `normalization` is the parent's unless it names another."""

    parents: ClassVar[int | None] = 1
    """How many artifacts it takes; None for two or more."""
    normalization: ClassVar[str] = PARENTS
    example: ClassVar[str] = "finetune"
    """A recipe whose artifacts it takes, for the contract tests."""

    def layout(self, parents: Sequence[Mapping[str, Any]], params: Params) -> str:
        """The recipe whose `load` reads the child; `parents` are the cards of the parents' artifacts."""
        return self.name

    def taught(self, params: Params) -> bool:
        """Whether the parent also teaches the child."""
        return False

    def alone(self, params: Params) -> tuple[str, Params] | None:
        """The recipe, and all of its parameters, that make such a child without a parent: the control of what the
        parent taught. None where there is none."""
        return None

    @abstractmethod
    def compress(
        self, parents: Sequence[Path], train: Split, validation: Split, params: Params, seed: int, out_dir: Path
    ) -> Training:
        """Leave a self-contained child in the empty folder `out_dir`; the folders of the parents are read only."""

    def fit(self, train: Split, validation: Split, params: Params, seed: int, out_dir: Path) -> Training:
        """Nothing can be compressed without a parent: a `BenchError`."""
        raise BenchError(f"recipe '{self.name}' compresses a trained model: give one with --parent RUN_ID")

    def load(self, artifact_dir: Path) -> Predictor:
        """By the recipe that `layout` names, where the child has a layout that is not this recipe's own."""
        return load_artifact(artifact_dir)


def read_card(artifact_dir: Path) -> dict[str, Any]:
    """What an artifact says of itself: `recipe`, `layout`, `params`, `label_names`, `normalization`, `dataset`, …"""
    try:
        card: dict[str, Any] = json.loads((artifact_dir / "artifact.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BenchError(f"{artifact_dir} is no artifact: it has no readable artifact.json") from None
    return {"layout": card.get("recipe")} | card


def load_recipe(name: str) -> Recipe:
    """The recipe of that name; an unknown one is a `BenchError` with the nearest right name."""
    from bench.registry import load_recipe as load

    return load(name)


def load_artifact(artifact_dir: Path) -> Predictor:
    """The predictor of any artifact, by the recipe whose layout it has.

    Code that a configuration in it names is refused. Compiled code is loaded: whoever is given artifacts by others
    asks `bench.foreign.compiled_code` first, as `serving` does.
    """
    refuse_code(artifact_dir)
    return load_recipe(read_card(artifact_dir)["layout"]).load(artifact_dir)


def named_recipe(text: str) -> tuple[Recipe, dict[str, Any]]:
    """`'lstm[units=128]'` as the recipe and all of its parameters. Raises `BenchError` with the nearest right name."""
    from bench.params import parse_recipe, resolve

    name, given = parse_recipe(text)
    recipe = load_recipe(name)
    return recipe, resolve(recipe, given)


def teacher_probabilities(artifact_dir: Path, texts: Sequence[str]) -> Probabilities:
    """What an artifact says of each text, float32 [n_texts, n_labels], computed once in a process of its own.

    Kept in the cache by the content of artifact and texts, so that no framework of the teacher is loaded here, and a
    second student costs no pass of the teacher. Raises `BenchError` where the teacher fails.
    """
    from bench.run.teach import teacher_probabilities as ask

    return ask(artifact_dir, texts, cache_dir())


def requested_device() -> str:
    """The device the user asked for: `auto`, `cpu` or `gpu`."""
    return os.environ.get("SENTIBENCH_DEVICE", "auto")


def cache_dir() -> Path | None:
    """A folder for what can be made again, named by its content; None outside of the harness."""
    folder = os.environ.get("SENTIBENCH_TRAINING_CACHE")
    return Path(folder) if folder else None


def kept_arrays(path: Path, make: Callable[[], Mapping[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays kept at `path`, a file of `cache_dir`; made, and kept there, where it is missing, torn or altered.

    The name of the file must hold all that its content depends on.
    """
    from bench.cache import kept_arrays as keep

    return keep(path, make)


def checkpoint_dir() -> Path | None:
    """A folder that outlives a killed training of this very run: what `fit` saves there, its next call may resume.

    The harness removes it when the training ends well; None outside of the harness.
    """
    folder = os.environ.get("SENTIBENCH_CHECKPOINT")
    return Path(folder) if folder else None


def prepared_dir() -> Path | None:
    """The store's folder of prepared data; None outside of the harness."""
    folder = os.environ.get("SENTIBENCH_PREPARED")
    return Path(folder) if folder else None


def train_corpus(datasets: Sequence[str], cache: Path, data_dir: Path | None = None) -> Corpus:
    """Unlabelled training texts of data sets, less every text that anything found here is tested or validated on.

    `cache` is the store's folder of prepared data. Raises `BenchError` for a data set that is not found.
    """
    from bench.data.corpus import train_corpus as read

    return read(datasets, cache, data_dir)


def provenance() -> dict[str, Any]:
    """What a model card should say of where it was made: `commit`, `dirty`, `machine`."""
    from bench.machine import accelerator, cores, cpu_model
    from bench.run.keys import git_state

    commit, dirty = git_state()
    return {"commit": commit, "dirty": dirty, "machine": accelerator() or f"{cores()} cores of {cpu_model()}"}


def progress(done: float, total: float, **values: float) -> None:
    """Tell the harness how far a training is, with any values worth a look (loss, validation accuracy)."""
    descriptor = os.environ.get("SENTIBENCH_PROGRESS_FD")
    if descriptor is None:
        return
    line = json.dumps({"done": done, "total": total, "values": {k: float(v) for k, v in values.items()}})
    try:
        os.write(int(descriptor), (line + "\n").encode())
    except OSError:  # nobody listens any more: a training does not stop for that
        return
