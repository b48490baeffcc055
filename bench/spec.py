"""What to run: one run, and the YAML suites that list many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bench.contract import Params
from bench.data import DatasetRef, Reading, dataset_names
from bench.errors import BenchError, did_you_mean
from bench.identity import ModelIdentity, RunIdentity, trained_rows
from bench.params import variant
from bench.registry import load_recipe
from bench.renames import renamed_params
from bench.schema import TrainedOn

SUITES = Path(__file__).parent / "suites"
MeasurePolicy = Literal["all", "first_seed", "none"]
SLACK = 1e-9
"""So that a drop of exactly the bound keeps to it: the difference of two accuracies is not exact."""


@dataclass(frozen=True)
class Gate:
    """How much of the set's metric on validation a child may lose against its parent, and the fallback for more."""

    max_drop: float
    instead: RunSpec | None = None


@dataclass(frozen=True)
class RunSpec:
    """One run to be made: recipe, parameters with defaults filled in, data set, seed, and what it compresses."""

    recipe: str
    params: Params
    dataset: DatasetRef
    seed: int
    limit: int | None = None
    measured: bool = True
    suite: str | None = None
    refit: bool = False
    """Train on train and validation together; nothing is chosen any more, and no validation score exists."""
    per_label: int | None = None
    """Train on so many texts of each label, drawn by the seed, and on no validation; None: on all of train."""
    parents: tuple[RunSpec | str, ...] = ()
    """The runs whose artifacts are compressed: others of the same command, or ids of stored ones."""
    gate: Gate | None = None

    @property
    def identity(self) -> RunIdentity:
        """What sets it apart from every other run of a command."""
        model = ModelIdentity.of(self.recipe, self.params, self.trained_on)
        parents = tuple(parent if isinstance(parent, str) else parent.identity for parent in self.parents)
        return RunIdentity(model, self.dataset.name, self.limit, self.seed, parents)

    @property
    def trained_on(self) -> TrainedOn:
        """As a result has it."""
        if self.per_label:
            return f"{self.per_label} a label"
        return "train+validation" if self.refit else "train"

    @property
    def variant(self) -> str:
        """What differs from the recipe's defaults, and what it is trained on where that is not all of train."""
        changed = variant(load_recipe(self.recipe), self.params)
        return ",".join(part for part in (changed, trained_rows(self.trained_on)) if part)

    @property
    def title(self) -> str:
        """How the run is named on a screen; what is compressed stands behind `of`, by its recipes alone."""
        changed = self.variant
        own = f"{self.recipe}{f'[{changed}]' if changed else ''}{self._of}"
        return f"{own} · {self.dataset.name} · seed {self.seed}"

    @property
    def _of(self) -> str:
        above = [parent if isinstance(parent, str) else parent.recipe + parent._of for parent in self.parents]
        return f" of {' and '.join(dict.fromkeys(above))}" if above else ""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SuiteDataset(Reading):
    """A data set of a suite, and how a user's file is read; an optional one is left out where it is not found."""

    name: str
    optional: bool = False

    def ref(self, data_dir: Path | None) -> DatasetRef:
        """What it names."""
        reading = Reading(**self.model_dump(include=set(Reading.model_fields)))
        return DatasetRef(self.name, reading, data_dir)


class SuiteRun(_Closed):
    """Runs of one recipe: `params` are fixed, every combination of the lists in `grid` is a run.

    A compression recipe names its `parent` by the `id` of an entry above: of the same data set and seed, unless the
    name has a seed (`teacher@1`) or stands for all (`teacher@*`).
    """

    id: str | None = None
    recipe: str
    parent: str | list[str] | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, list[Any]] = Field(default_factory=dict)
    max_drop: float | None = None
    """The gate: what may be lost of the set's metric on validation; where more is, nothing is made of the run."""
    back_off: dict[str, list[Any]] = Field(default_factory=dict)
    """Parameters to try in turn where the gate is missed: the lists are walked together, from the boldest value."""
    datasets: list[str] | None = None
    seeds: list[int] | None = None
    per_label: list[Annotated[int, Field(ge=1)]] | None = None
    """Training texts of each label: a run for each number."""

    @field_validator("params", "grid", "back_off")
    @classmethod
    def _today(cls, given: dict[str, Any]) -> dict[str, Any]:
        """A suite of an earlier version goes on with today's names of parameters."""
        return renamed_params(given)


class Suite(_Closed):
    """A readable list of runs."""

    name: str
    description: str = ""
    datasets: list[SuiteDataset]
    seeds: list[int] = [0]
    measure: MeasurePolicy = "all"
    rounds: int | None = Field(default=None, ge=1)
    """Rounds of timing; the protocol's ten where it is left out. Under six no time has an interval."""
    runs: list[SuiteRun]


def suite_names() -> list[str]:
    """The suites that come with the project; one in pieces by itself, and each piece as `suite/piece`."""
    files = sorted(SUITES.rglob("*.yaml"))
    names = [path.relative_to(SUITES).with_suffix("").as_posix() for path in files]
    return sorted({*names, *(path.parent.name for path in files if path.parent != SUITES)})


def load_suites(name: str) -> list[Suite]:
    """A suite by name, or by the path of a YAML file; of one in pieces, a folder, all of them in order of name."""
    pieces = [piece for piece in suite_names() if piece.startswith(f"{name}/")]
    return [load_suite(piece) for piece in pieces or [name]]


def load_suite(name: str) -> Suite:
    """A suite, or a piece of one, by name, or by the path of a YAML file."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else SUITES / f"{name}.yaml"
    if not path.is_file():
        raise BenchError(f"unknown suite '{name}': {did_you_mean(name, suite_names())} (or the path of a .yaml file)")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BenchError(f"suite {path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise BenchError(f"suite {path} must be a mapping with: {', '.join(Suite.model_fields)}")
    document["datasets"] = [d if isinstance(d, dict) else {"name": d} for d in document.get("datasets") or []]
    try:
        return Suite.model_validate(document)
    except ValidationError as error:
        raise BenchError(f"suite {path}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"'{where}': {first['msg']}"
    model = {1: Suite}.get(len(first["loc"]), SuiteDataset if first["loc"][0] == "datasets" else SuiteRun)
    return f"unknown key '{where}': {did_you_mean(str(first['loc'][-1]), model.model_fields)}"


def check_dataset(ref: DatasetRef) -> None:
    """A data set must be a name of the manifest or a file that is there."""
    if ref.name in dataset_names() or ref.prepared is not None or (ref.path is not None and ref.path.exists()):
        return
    if Path(ref.name).suffix or "/" in ref.name:
        raise BenchError(f"no data file {ref.name}; give a file, or a name of `bench list datasets`")
    raise BenchError(
        f"unknown data set '{ref.name}': {did_you_mean(ref.name, dataset_names())} (or the path of a CSV file)"
    )
