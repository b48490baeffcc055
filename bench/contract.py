"""What the harness and a recipe agree on: types alone.

It needs the standard library and numpy alone, so that names and defaults are listed without loading a framework.
`bench.api` is its face for recipes; modules of `bench` import this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.probabilities import Probabilities as Probabilities
from bench.probabilities import sigmoid, softmax

PARENTS = "parent's"
"""The normalization of a child that reads texts as its parent does."""
Params = Mapping[str, Any]
"""Parameters of a recipe by name."""
ProgressListener = Callable[[float, float, Mapping[str, float]], None]
"""Called with what is done, the total, and any values worth a look."""


class Card(TypedDict):
    """`artifact.json`: what is needed to load an artifact, and to serve it, anywhere."""

    artifact_version: int
    recipe: str
    layout: str
    """The recipe whose `load` reads it."""
    framework: str
    params: dict[str, Any]
    seed: int
    normalization: str
    label_names: list[str]
    dataset: str
    thresholds: NotRequired[list[float]]
    """The probability from which a text gets a label, in label order, where it may have several."""
    compiled_code: NotRequired[list[str]]
    """Files in it that are machine code."""
    learnt_from: NotRequired[str]
    """The served version that it goes on from."""
    reading: NotRequired[dict[str, Any]]
    """How the user's file was read that it was trained on, without paths: what differs from the defaults."""
    train_hash: NotRequired[str]
    """Of that file's rows of train and validation, by which a store finds them again."""
    test_hash: NotRequired[str]


@dataclass(frozen=True)
class SoftTargets:
    """A teacher's probabilities of the texts of a split, and their weight in the student's loss (Hinton et al., 2015).

    The loss is alpha · T² · KL(teacher ‖ student), both at temperature T, + (1 − alpha) · cross-entropy with labels.
    Of several labels a text both parts are of each label by itself, mean over labels.
    A recipe that declares `learns_from_teacher` trains by it.
    """

    probabilities: Probabilities
    """Of each text at temperature 1, float32 [n_texts, n_labels]."""
    alpha: float
    temperature: float
    multi_label: bool = False
    """Whether each label has a probability by itself."""

    def softened(self) -> Probabilities:
        """The teacher's probabilities at the temperature, float32 [n_texts, n_labels]."""
        logits = np.log(np.maximum(self.probabilities, 1e-12))
        if self.multi_label:
            return sigmoid((logits - np.log(np.maximum(1 - self.probabilities, 1e-12))) / self.temperature)
        return softmax(logits / self.temperature)


@dataclass(frozen=True)
class Split:
    """Texts with their labels: `labels[i]` is an index into `label_names`, int64 [n_texts].

    Of a multi-label data set, which recipes that declare `multi_label` get, they are 0 or 1, int64 [n_texts, n_labels].
    """

    ids: list[str]
    texts: list[str]
    labels: npt.NDArray[np.int64]
    label_names: tuple[str, ...]
    soft_targets: SoftTargets | None = None
    """Of a training split whose student has a teacher."""

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def multi_label(self) -> bool:
        """Whether a text has any number of labels."""
        return self.labels.ndim == 2

    def take(self, rows: npt.NDArray[np.int64]) -> Split:
        """These rows, in their order, without soft targets."""
        at = rows.tolist()
        return Split([self.ids[i] for i in at], [self.texts[i] for i in at], self.labels[rows], self.label_names)


@dataclass(frozen=True)
class Choice:
    """One of a few values that a search may try."""

    options: tuple[Any, ...]

    def __init__(self, *options: Any) -> None:
        object.__setattr__(self, "options", options)

    def __contains__(self, value: Any) -> bool:
        return value in self.options


@dataclass(frozen=True)
class Uniform:
    """A float from `low` to `high` that a search may try."""

    low: float
    high: float

    def __contains__(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True)
class LogUniform(Uniform):
    """A float from `low` to `high`, even on a logarithmic scale, that a search may try."""


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
    hosts: tuple[str, ...] = ()
    """Of each replica, in their order, where there are several; the harness fills it in."""


@dataclass(frozen=True)
class Training:
    """What `fit` reports of itself: the harness stores it in the result."""

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


@dataclass(frozen=True)
class RunContext:
    """Where and how a training runs: what whoever starts it gives, besides data, parameters and seed.

    The harness makes one in each worker. Without one a training runs on whatever device it finds and keeps nothing.
    """

    device: str = "auto"
    """The requested device: `auto`, `cpu` or `gpu`."""
    threads: int | None = None
    """How many threads it may use; None: as many as its libraries choose."""
    cache: Path | None = None
    """A folder for what can be made again, named by its content; None: nothing is kept."""
    checkpoint: Path | None = None
    """A folder that outlives a killed training of this very run: what `fit` saves there, its next call may resume.

    The harness removes it when the training ends well.
    """
    prepared: Path | None = None
    """The store's folder of prepared data sets; None outside of the harness."""
    data_dir: Path | None = None
    """Where data sets are looked for first."""
    listener: ProgressListener | None = None
    """Receives the progress of the training."""

    def progress(self, done: float, total: float, **values: float) -> None:
        """Report how far the training is, with any values worth a look (loss, validation accuracy)."""
        if self.listener is not None:
            self.listener(done, total, {name: float(value) for name, value in values.items()})


STANDALONE = RunContext()
"""Outside of the harness."""


@dataclass(frozen=True)
class HubFolder:
    """What a folder that was written for the Hugging Face hub says of itself in its model card."""

    usage: str
    """Python that loads it."""
    base_model: str | None
    """The name on the hub of the encoder that it was trained from."""
    remarks: tuple[str, ...]
    """What a reader must know of it beside its scores."""
    difference: float
    """The largest between a probability of the folder and the artifact's."""


@dataclass(frozen=True)
class Truncation:
    """What a model does not read of texts, as they are longer than it takes; each a share, 0 to 1."""

    texts: float
    """Of the texts: those of which it does not read all."""
    tokens: float
    """Of all tokens of all texts, as its tokenizer counts them; of their characters, where it has none."""

    @classmethod
    def beyond(cls, capacity: int, counts: npt.NDArray[np.int64]) -> Truncation:
        """Of texts with so many tokens each, int64 [n], where `capacity` of a text are read."""
        lost = np.maximum(counts - capacity, 0)
        return cls(float((lost > 0).mean()), float(lost.sum() / max(int(counts.sum()), 1)))


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
        """Probabilities of each text, float32 [n_texts, n_labels], rows summing to 1.

        Trained on a multi-label data set: of each label by itself, so that rows have any sum.
        """

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """The steps of `predict_proba` that can be timed apart, in order, each fed with what the last returned."""
        return {}

    def truncation(self, texts: Sequence[str]) -> Truncation | None:
        """What it does not read of these texts; None where it reads any text to its end."""
        return None


@dataclass(frozen=True)
class Ranks:
    """A training in several processes that train together, a device each, on one node or spread evenly over several.

    Every process calls `fit` with an `out_dir` of its own; what the first one leaves there is kept.
    """

    devices: int
    nodes: int
    arguments: tuple[str, ...]
    """Of Python, that start the processes of one node, as of `torchrun`. In braces: `{nodes}`, `{node}` (its number,
    from 0), `{local}` (processes on it), `{addresses}` (HOST:PORT of every process, by rank, joined by commas),
    `{host}` and `{port}` (of the first), and `{failures}`, the file for `bench.api.write_failures`."""

    @property
    def local(self) -> int:
        """Processes on each node."""
        return self.devices // self.nodes

    @classmethod
    def of(cls, devices: int, nodes: int, here: Sequence[str], there: Sequence[str]) -> Ranks | None:
        """None for one device; `here` are the arguments for one node, `there` those for several.

        Raises `BenchError` for devices that the nodes cannot share evenly.
        """
        if min(devices, nodes) < 1 or devices % nodes:
            near = max(1, round(devices / max(nodes, 1))) * max(nodes, 1)
            raise BenchError(f"devices={devices} cannot be shared by nodes={nodes}: give a multiple, such as {near}")
        if devices == 1:
            return None
        return cls(devices, nodes, tuple(there if nodes > 1 else here))


@dataclass(frozen=True)
class Resolved:
    """What a run with certain parameters needs, and what it leaves."""

    requires: tuple[str, ...]
    """Importable packages; where one is missing the run is a row with status `unavailable`."""
    normalization: str
    """Of the texts; `PARENTS` for a child that reads them as its parent does."""
    layout: str | Mapping[str, str]
    """The recipe whose `load` reads the artifact; where that depends on the parent, by the parent's layout."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """The files and folders that parameters name: their content enters the artifact key."""
    builds_on: tuple[str, ...] = ()
    """Other recipes whose code the run rests on: their sources enter the artifact key too."""
    ranks: Ranks | None = None
    """The processes that train together; None for one process."""
    distills: bool = False
    """Whether the parent is also the teacher of the child."""
    control: tuple[str, Params] | None = None
    """The recipe, and all of its parameters, that make such a child without a parent: the control of what the parent
    taught."""

    def layout_of(self, parents: Sequence[Card]) -> str:
        """The layout of an artifact whose parents have these cards."""
        return self.layout if isinstance(self.layout, str) else self.layout[parents[0]["layout"]]


@dataclass(frozen=True)
class Resources:
    """What a phase of a run is given of a machine, where several machines or runs share; of several ranks, each."""

    cpus: int = 1
    gpus: int = 0
    """Where there are any."""
    memory_gb: float = 1.0

    def on_a_node(self, ranks: Ranks | None) -> Resources:
        """Of all ranks of a node together."""
        local = ranks.local if ranks else 1
        return Resources(self.cpus * local, self.gpus * local, self.memory_gb * local)


class Recipe(ABC):
    """What trains one kind of model and loads it back. One file of `<track>/recipes/`, one recipe of the file's name.

    The module imports nothing heavy at its top: frameworks are imported inside of `fit` and `load`.
    """

    name: ClassVar[str]
    framework: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    """Importable packages it needs; where one is missing its runs are rows with status `unavailable`."""
    defaults: ClassVar[Params] = {}
    """Every parameter with its default. Closed: an unknown key is an error."""
    space: ClassVar[Mapping[str, Choice | Uniform | LogUniform]] = {}
    """What a search may try."""
    smoke: ClassVar[Params] = {}
    """Parameters that make `--smoke` and the contract tests quick."""
    choices: ClassVar[Mapping[str, Sequence[str]]] = {}
    """The values that a parameter may have, of those that are one of a few names. Enters no artifact key."""
    headline_param: ClassVar[str] = ""
    """The parameter that short names of reports show, its default too."""
    path_params: ClassVar[tuple[str, ...]] = ()
    """Parameters that name a file or folder: its content, not its path alone, enters the artifact key."""
    sources: ClassVar[tuple[str, ...]] = ()
    """Helper files, relative to the track's folder, hashed with the recipe's own file into the artifact key."""
    normalization: ClassVar[str] = "none"
    """The name of the text normalization that the artifact is trained and served with."""
    learns_from_teacher: ClassVar[bool] = False
    """Whether `fit` trains by the `soft_targets` of its training split, where it has one."""
    multi_label: ClassVar[bool] = False
    """Whether it also learns texts of any number of labels; its predictor then gives each label a probability by
    itself."""
    timed: ClassVar[bool] = True
    """Whether its speed is measured: not where others answer, who are paid for each call."""
    deterministic: ClassVar[bool] = False
    """Whether every seed makes the same model: a single run then shows its whole spread over seeds, which is none."""

    def resolve(self, params: Params) -> Resolved:
        """What a run with these parameters needs and leaves; a recipe declares here what depends on them."""
        paths = {name: Path(params[name]) for name in self.path_params if params.get(name)}
        return Resolved(self.requires, self.normalization, layout=self.name, paths=paths)

    def resources(self, params: Params) -> Resources:
        """What a run with these parameters is given of a shared machine; enters no artifact key."""
        deep = {"torch", "tensorflow", "keras"} & set(self.requires)
        return Resources(cpus=4, gpus=1, memory_gb=4.0) if deep else Resources()

    @abstractmethod
    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
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
    takes: ClassVar[tuple[str, ...]] = ()
    """The layouts that its parents may have; none named: any. Enters no artifact key."""
    example: ClassVar[str] = "finetune"
    """A recipe whose artifacts it takes, for the contract tests."""

    @abstractmethod
    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Leave a self-contained child in the empty folder `out_dir`; the folders of the parents are read only."""

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Nothing can be compressed without a parent: a `BenchError`."""
        raise BenchError(f"recipe '{self.name}' compresses a trained model: give one with --parent RUN_ID")

    def load(self, artifact_dir: Path) -> Predictor:
        """Of a child whose layout is this recipe's own. Raises `BenchError` where `layout` names another recipe."""
        raise BenchError(f"an artifact of '{self.name}' is loaded by the recipe that its layout names: load_artifact")
