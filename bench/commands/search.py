"""`bench search`: the best parameters of a recipe on a data set, chosen on validation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.file_options import arguments_of, asked_for, reads_file
from bench.commands.options import (
    DataDir,
    ExecutorChoice,
    ExecutorOption,
    RayAddress,
    StoreOption,
    check_executor,
)
from bench.commands.run import SMOKE_ROWS, DeviceChoice, Measure
from bench.errors import BenchError, did_you_mean
from bench.requirements import install_command

if TYPE_CHECKING:
    from bench.data import DatasetRef, Reading
    from bench.search.study import Metric


Recipe = Annotated[str, typer.Argument(help="A recipe; what stands in brackets is fixed: 'lstm\\[units=64]'.")]
Dataset = Annotated[str, typer.Option("-d", "--dataset", help="A data set's name, or your own file.")]
Trials = Annotated[int, typer.Option(help="Trials in all, over all calls and processes.")]
MetricName = Annotated[
    str | None,
    typer.Option(help="accuracy, macro_f1, macro_recall or log_loss, on validation; else the data set's own."),
]
Only = Annotated[str | None, typer.Option(help="Search these parameters alone: learning_rate,dropout.")]
Seed = Annotated[int, typer.Option(help="Of the suggestions and of every trial's training.")]
Seeds = Annotated[
    str | None, typer.Option(help="Fresh seeds to run the best with, 'none' for no runs; the next three if left out.")
]
Refit = Annotated[bool, typer.Option("--refit", help="Run the best on train and validation together as well.")]
Storage = Annotated[
    str | None, typer.Option(help="A database URL, as postgresql://USER@HOST/NAME; SQLite in the store if left out.")
]
Study = Annotated[str | None, typer.Option(help="A name of your own for the study.")]
Minutes = Annotated[float | None, typer.Option(help="Start no trial after so long.", min=0)]
Smoke = Annotated[
    bool,
    typer.Option(help=f"{SMOKE_ROWS} rows a split, and quick parameters where you give none, which are not searched."),
]
MeasureRuns = Annotated[
    Measure, typer.Option(help="Measure the speed of all runs of the best, of the first seed, none.")
]
Timeout = Annotated[float, typer.Option(help="Seconds that one phase of one trial may take.", min=1)]
Device = Annotated[DeviceChoice, typer.Option(help="What to train on.")]


@reads_file
def search(
    recipe: Recipe,
    dataset: Dataset,
    trials: Trials = 20,
    metric: MetricName = None,
    only: Only = None,
    seed: Seed = 0,
    seeds: Seeds = None,
    refit: Refit = False,
    storage: Storage = None,
    study: Study = None,
    minutes: Minutes = None,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    smoke: Smoke = False,
    measure: MeasureRuns = Measure.all,
    timeout: Timeout = 6 * 3600.0,
    device: Device = DeviceChoice.auto,
    executor: ExecutorOption = ExecutorChoice.local,
    ray_address: RayAddress = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Search a recipe's parameters on validation, then run the best with fresh seeds; the same command again resumes.

    [dim]python -m bench search linear -d emotions --trials 20[/]

    [dim]python -m bench search 'lstm\\[units=128]' -d mine.csv --metric macro_f1 --refit[/]
    """
    check_executor(executor, ray_address)
    check_installed()
    from rich.console import Console

    from bench.params import parse_recipe
    from bench.run.suite import RunOptions
    from bench.search.definition import SearchOptions
    from bench.search.search import Search

    name, given = parse_recipe(recipe)
    ref = asked_for(dataset, reading, data_dir, store)
    if trials < 1:
        raise BenchError(f"--trials {trials}: give 1 or more")
    run = RunOptions(
        store, "reuse", device.value, timeout, SMOKE_ROWS if smoke else None, executor=executor.value,
        ray_address=ray_address,
    )  # fmt: skip
    options = SearchOptions(
        recipe=name, given=given, dataset=ref, run=run, metric=metric_for(metric), trials=trials, seed=seed,
        seeds=_fresh_seeds(seeds, seed), refit=refit,
        only=None if only is None else tuple(part.strip() for part in only.split(",")), storage=storage, study=study,
        minutes=minutes, measure=measure.value, run_arguments=_run_arguments(ref, smoke, device.value),
    )  # fmt: skip
    raise typer.Exit(Search(options, Console(width=None if sys.stdout.isatty() else 140)).run())


def check_installed() -> None:
    """A `BenchError` that names the extra where Optuna is missing."""
    try:
        import optuna  # noqa: F401
    except ModuleNotFoundError as error:
        raise BenchError(f"a search needs '{error.name}': {install_command('optuna')}") from None


def metric_for(name: str | None) -> Metric | None:
    """The metric of that name."""
    from bench.search.study import METRICS

    for metric in METRICS:
        if name == metric:
            return metric
    if name is None:
        return None
    raise BenchError(f"unknown metric '{name}': {did_you_mean(name, METRICS)}")


def _fresh_seeds(text: str | None, seed: int) -> tuple[int, ...]:
    """The seeds of the runs after the search: none of them may be the one that the parameters were chosen with."""
    from bench.params import parse_seeds
    from bench.search.definition import fresh_seeds

    if text is None:
        return fresh_seeds(seed)
    seeds = () if text == "none" else tuple(parse_seeds(text))
    if seed in seeds:
        raise BenchError(f"--seeds {text} holds {seed}, the seed of the search itself: give fresh ones")
    return seeds


def _run_arguments(ref: DatasetRef, smoke: bool, device: str) -> tuple[str, ...]:
    """The further options of `bench run` that train the same."""
    options = {"--data-dir": (str(ref.data_dir), "None"), "--device": (device, "auto")}
    changed = [part for name, (value, default) in options.items() if value != default for part in (name, value)]
    return (*arguments_of(ref.reading), *changed, *(["--smoke"] if smoke else []))
