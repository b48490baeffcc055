"""What to run: one run, and the YAML suites that list many."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.data import DatasetRef, dataset_names
from bench.errors import BenchError, did_you_mean
from bench.params import resolve, variant
from bench.registry import load_recipe

SUITES = Path(__file__).parent / "suites"
MeasurePolicy = Literal["all", "first_seed", "none"]


@dataclass(frozen=True)
class RunSpec:
    """One run as asked for: recipe, parameters with defaults filled in, data set, seed."""

    recipe: str
    params: Mapping[str, Any]
    dataset: DatasetRef
    seed: int
    limit: int | None = None
    measured: bool = True
    suite: str | None = None
    refit: bool = False
    """Train on train and validation together; nothing is chosen any more, and no validation score exists."""

    @property
    def variant(self) -> str:
        """What differs from the recipe's defaults, and `refit`."""
        changed = variant(load_recipe(self.recipe), self.params)
        return ",".join(part for part in (changed, "refit" if self.refit else "") if part)

    @property
    def title(self) -> str:
        """How the run is named on a screen."""
        changed = self.variant
        return f"{self.recipe}{f'[{changed}]' if changed else ''} · {self.dataset.name} · seed {self.seed}"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SuiteDataset(_Closed):
    """A data set of a suite; an optional one is left out, and said so, where it is not found."""

    name: str
    optional: bool = False
    text_column: str = "text"
    label_column: str = "label"


class SuiteRun(_Closed):
    """Runs of one recipe: `params` are fixed, every combination of the lists in `grid` is a run."""

    recipe: str
    params: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, list[Any]] = Field(default_factory=dict)
    datasets: list[str] | None = None
    seeds: list[int] | None = None


class Suite(_Closed):
    """A readable list of runs."""

    name: str
    description: str = ""
    datasets: list[SuiteDataset]
    seeds: list[int] = [0]
    measure: MeasurePolicy = "all"
    runs: list[SuiteRun]


def suite_names() -> list[str]:
    """The suites that come with the project."""
    return sorted(path.stem for path in SUITES.glob("*.yaml"))


def load_suite(name: str) -> Suite:
    """A suite by name, or by the path of a YAML file."""
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


def suite_specs(suite: Suite, data_dir: Path | None = None) -> list[RunSpec]:
    """Every run of a suite, data set by data set, in the order of the file."""
    refs = {d.name: DatasetRef(d.name, d.text_column, d.label_column, data_dir) for d in suite.datasets}
    for run in suite.runs:
        for name in run.datasets or []:
            if name not in refs:
                raise BenchError(
                    f"suite '{suite.name}' runs '{run.recipe}' on '{name}', which is not among its datasets"
                )
    specs: list[RunSpec] = []
    for name, ref in refs.items():
        for run in suite.runs:
            if run.datasets is None or name in run.datasets:
                specs += _expand(run, ref, suite)
    return specs


def _expand(run: SuiteRun, ref: DatasetRef, suite: Suite) -> Iterable[RunSpec]:
    recipe = load_recipe(run.recipe)
    seeds = run.seeds or suite.seeds
    for values in itertools.product(*run.grid.values()):
        params = resolve(recipe, run.params | dict(zip(run.grid, values, strict=True)))
        for seed in seeds:
            measured = suite.measure == "all" or (suite.measure == "first_seed" and seed == seeds[0])
            yield RunSpec(run.recipe, params, ref, seed, measured=measured, suite=suite.name)


def check_dataset(ref: DatasetRef) -> None:
    """A data set must be a known name or a file that is there."""
    if ref.name in dataset_names() or Path(ref.name).is_file():
        return
    if Path(ref.name).suffix or "/" in ref.name:
        raise BenchError(
            f"no data file {ref.name}; give a CSV, TSV, JSONL or Parquet file, or a name of `bench list datasets`"
        )
    raise BenchError(
        f"unknown data set '{ref.name}': {did_you_mean(ref.name, dataset_names())} (or the path of a CSV file)"
    )
