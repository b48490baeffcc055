"""`bench run`: a suite, or recipes on data sets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from bench.commands.file_options import asked_for, reads_file
from bench.commands.options import (
    DataDir,
    DatasetOption,
    ExecutorChoice,
    ExecutorOption,
    RayAddress,
    Rounds,
    StoreOption,
    check_executor,
    recipes,
    suites,
)
from bench.errors import NOTHING_RAN, BenchError, did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from bench.data import DatasetRef, Reading
    from bench.identity import RunIdentity
    from bench.metrics import Metric
    from bench.run.plan import CachePolicy
    from bench.run.suite import RunOptions
    from bench.spec import RunSpec

SMOKE_ROWS = 300
LINES = 10
"""Of each leaderboard that the command ends with."""


class Measure(StrEnum):
    """Whose speed to measure."""

    all = "all"
    first_seed = "first_seed"
    none = "none"


class DeviceChoice(StrEnum):
    """Where to train and predict."""

    auto = "auto"
    cpu = "cpu"
    gpu = "gpu"


class TrackerChoice(StrEnum):
    """Who else logs results."""

    wandb = "wandb"
    mlflow = "mlflow"


SuiteName = Annotated[
    str | None,
    typer.Argument(autocompletion=suites, help="A suite's name (`bench list suites`) or the path of a YAML file."),
]
Recipes = Annotated[
    list[str] | None,
    typer.Option(
        "-r", "--recipe", autocompletion=recipes, help="A recipe, with parameters in brackets: 'lstm\\[units=128]'."
    ),
]
Seeds = Annotated[str | None, typer.Option(help="0-2 or 0,1,5; with a suite, instead of its own.")]
Cache = Annotated[
    str,
    typer.Option(
        metavar="[reuse|only-stored|retrain]",
        help="Use what is stored and run what is missing; only use what is stored; or run all again.",
    ),
]
Parents = Annotated[
    list[str] | None,
    typer.Option(help="The stored run that a compression recipe makes smaller; its data set and seed, unless given."),
]
PerLabel = Annotated[
    list[int] | None,
    typer.Option(help="Train on so many texts of each label alone, drawn by the seed, without validation.", min=1),
]

Smoke = Annotated[
    bool,
    typer.Option(help=f"{SMOKE_ROWS} rows a split, and quick parameters where you give none; the rows are marked."),
]
MeasureOption = Annotated[
    Measure | None, typer.Option(help="Measure the speed of all runs, of the first seed of each, of none.")
]
Track = Annotated[
    TrackerChoice | None, typer.Option(help="Log every result with W&B (offline by default) or MLflow, too.")
]


@reads_file
def run(
    suite: SuiteName = None,
    recipe: Recipes = None,
    dataset: DatasetOption = None,
    seeds: Seeds = None,
    parent: Parents = None,
    per_label: PerLabel = None,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Print what is due, why and at what cost, and stop.")] = False,
    smoke: Smoke = False,
    cache: Cache = "reuse",
    measure: MeasureOption = None,
    rounds: Rounds = None,
    timeout: Annotated[float, typer.Option(help="Seconds that one phase of one run may take.", min=1)] = 6 * 3600.0,
    device: Annotated[DeviceChoice, typer.Option(help="What to train on.")] = DeviceChoice.auto,
    track: Track = None,
    executor: ExecutorOption = ExecutorChoice.local,
    ray_address: RayAddress = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Train, score and measure what is not stored yet; the same command again resumes.

    [dim]python -m bench run quick[/]

    [dim]python -m bench run -r linear -r 'lstm\\[units=128]' -d emotions --seeds 0-2[/]

    [dim]python -m bench run -r linear -d mine.csv --text-column body --label-column mood[/]

    [dim]python -m bench run -r setfit -r linear -d emotions --per-label 8 --per-label 64 --seeds 0-4[/]

    [dim]python -m bench run -r 'prune\\[ratio=0.5]' --parent finetune-emotions-s0-3f2a81c09b[/]
    """
    from rich.console import Console

    from bench.run.suite import RunOptions

    check_executor(executor, ray_address)
    console = Console(width=None if sys.stdout.isatty() else 140)
    limit = SMOKE_ROWS if smoke else None
    if suite is not None and (recipe or dataset or parent or per_label):
        raise BenchError("give a suite, or recipes (-r), data sets (-d) and what goes with them, not both")
    if suite is not None:
        specs, optional, rounds = from_suite(suite, seeds, measure, rounds, data_dir, limit, store)
    else:
        own, seeds, layouts = _of_parent(parents := tuple(parent or ()), seeds, store, data_dir)
        refs = [asked_for(name, reading, data_dir, store) for name in dataset] if dataset else own
        with console.status("Reading the data sets …"):
            metric = partial(_metric, store=store, limit=limit, dry=dry)
            specs = _from_options(recipe, refs, seeds, measure, parents, layouts, limit, per_label, metric)
        optional = set()
    options = RunOptions(
        store, policy(cache), device.value, timeout, limit, rounds, track.value if track else None,
        executor.value, ray_address,
    )  # fmt: skip
    if dry:
        return estimate(specs, options, console)
    raise typer.Exit(run_and_show(specs, optional, options, console))


def estimate(specs: Sequence[RunSpec], options: RunOptions, console: Console) -> None:
    """What is due, why and at what cost."""
    from bench.commands.forecast import print_estimate
    from bench.run.suite import dry_run

    print_estimate(dry_run(specs, options, console), console)


def run_and_show(specs: Sequence[RunSpec], optional: set[str], options: RunOptions, console: Console) -> int:
    """Run what is due, then the leaderboards of its data sets; the exit code."""
    from bench.run.suite import run_specs

    code = run_specs(specs, optional, options, console)
    if code != NOTHING_RAN:
        show_boards({Path(spec.dataset.name).name for spec in specs}, options.store, console)
    return code


def show_boards(datasets: set[str], store: Path, console: Console) -> None:
    """The leaderboards of these data sets, and what to do next."""
    from bench.board.aggregate import boards
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows
    from bench.noise_floor import read_noise_floors
    from bench.report.terminal import print_boards
    from bench.stores import open_store

    home = open_store(store)
    rows = stored_rows(home, datasets=datasets)
    predictions = Predictions(home, rows)
    print_boards(boards(rows, predictions, read_noise_floors(store)), predictions, console, lines=LINES)
    console.print("next: `python -m bench report` draws it, `python -m bench recommend` chooses", style="dim")


def policy(name: str) -> CachePolicy:
    """The policy that `--cache` names; an older name is an error with today's."""
    from bench.run.plan import CachePolicy

    older = {"only-missing": "reuse", "always": "only-stored", "never": "retrain"}
    if name in older:
        raise BenchError(f"--cache {name}: its name is now --cache {older[name]}")
    if name not in get_args(CachePolicy):
        raise BenchError(f"unknown --cache '{name}': {did_you_mean(name, get_args(CachePolicy))}")
    return cast("CachePolicy", name)


def from_suite(
    name: str, seeds: str | None, measure: Measure | None, rounds: int | None, data_dir: Path | None,
    limit: int | None, store: Path,
) -> tuple[list[RunSpec], set[str], int | None]:  # fmt: skip
    """Its runs, the data sets that may be missing, the rounds of timing; what is given stands before the suite."""
    from bench.expand import suite_specs
    from bench.params import parse_seeds
    from bench.spec import check_dataset, load_suites
    from bench.store import Store

    specs: dict[RunIdentity, RunSpec] = {}
    optional: set[str] = set()
    for suite in load_suites(name):
        changes: dict[str, object] = {}
        if seeds is not None:
            changes["seeds"] = parse_seeds(seeds)
            changes["runs"] = [run.model_copy(update={"seeds": None}) for run in suite.runs]
        if measure is not None:
            changes["measure"] = measure.value
        for spec in suite_specs(suite.model_copy(update=changes), data_dir, limit, Store(store).prepared):
            check_dataset(spec.dataset)
            specs.setdefault(spec.identity, spec)  # a piece names the parents that another one has trained
        optional |= {dataset.name for dataset in suite.datasets if dataset.optional}
        rounds = rounds or suite.rounds
    return list(specs.values()), optional, rounds


def _from_options(
    recipes: list[str] | None,
    datasets: list[DatasetRef],
    seeds: str,
    measure: Measure | None,
    parents: tuple[str, ...],
    layouts: Sequence[str | None],
    limit: int | None,
    per_label: list[int] | None,
    metric_of: Callable[[DatasetRef], Metric],
) -> list[RunSpec]:
    from bench.expand import check_parents
    from bench.params import parse_recipe, parse_seeds, with_defaults
    from bench.registry import load_recipe
    from bench.spec import RunSpec

    if not recipes or not datasets:
        raise BenchError(
            "nothing to run: give a suite (`bench list suites`), or at least one -r RECIPE and one -d DATASET"
        )
    parsed_seeds = parse_seeds(seeds)
    asked = [(load_recipe(name), given) for name, given in map(parse_recipe, recipes)]
    for recipe, given in asked:  # what is wrong with them is told before a file is read
        with_defaults(recipe, given)
        check_parents(recipe.name, parents, layouts)
    specs = []
    for ref in datasets:
        metric = metric_of(ref)
        for recipe, given in asked:
            params = with_defaults(recipe, given, smoke=limit is not None, metric=metric)
            for seed in parsed_seeds:
                measured = measure is not Measure.none and (
                    measure is not Measure.first_seed or seed == parsed_seeds[0]
                )
                spec = RunSpec(recipe.name, params, ref, seed, limit, measured, parents=parents)
                specs += [replace(spec, per_label=number) for number in per_label or (None,)]
    return specs


def _metric(ref: DatasetRef, store: Path, limit: int | None, dry: bool) -> Metric:
    """What decides on a data set; where nothing is to be stored, of what its file says."""
    from bench.data.prepare import metric_of_source
    from bench.run.datasets import metric_to_run
    from bench.spec import check_dataset
    from bench.store import Store
    from bench.stores import open_store

    check_dataset(ref)
    return metric_of_source(ref, Store(store).prepared, limit) if dry else metric_to_run(ref, open_store(store), limit)


def _of_parent(
    parents: tuple[str, ...], seeds: str | None, store: Path, data_dir: Path | None
) -> tuple[list[DatasetRef], str, list[str | None]]:
    """Data set and seed of the first parent, the seed as given where it is; all layouts, None of an artifact gone."""
    from bench.run.datasets import dataset_of
    from bench.stores import open_store

    if not parents:
        return [], seeds or "0", []
    opened = open_store(store)
    results = [opened.result(run_id) for run_id in parents]
    layouts = [_layout(opened.artifact(str(result.identity.artifact))) for result in results]
    return [dataset_of(results[0].data, opened, data_dir)], seeds or str(results[0].identity.seed), layouts


def _layout(artifact: Path) -> str | None:
    from bench.artifact import read_card

    try:
        return read_card(artifact)["layout"]
    except BenchError:
        return None
