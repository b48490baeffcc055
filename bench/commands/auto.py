"""`bench auto`: from a file to the model to ship, inside bounds and a time budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.bounds import takes_bounds
from bench.commands.file_options import asked_for, reads_file
from bench.commands.options import (
    DataDir,
    ExecutorChoice,
    ExecutorOption,
    MetricOption,
    RayAddress,
    StoreOption,
    check_executor,
    known_metric,
)
from bench.commands.run import SMOKE_ROWS, DeviceChoice

if TYPE_CHECKING:
    from bench.data import Reading
    from bench.metrics import Metric
    from bench.recommend.budget import Budget
    from bench.store import Store


Recipes = Annotated[
    list[str] | None,
    typer.Option("-r", "--recipe", help="Only these, in this order; what compresses is for the best of the others."),
]


@reads_file
@takes_bounds
def auto(
    file: Annotated[str | None, typer.Argument(help="Your own file.")] = None,
    dataset: Annotated[str | None, typer.Option("-d", "--dataset", help="A data set, in place of a file.")] = None,
    minutes: Annotated[float, typer.Option(help="The time for all of it, over all calls.", min=0)] = 30.0,
    *,
    budget: Budget,
    metric: MetricOption = None,
    max_drop: Annotated[
        float | None,
        typer.Option(help="What a compressed model may lose against the best, shown on validation as in `compress`."),
    ] = None,
    recipe: Recipes = None,
    seed: Annotated[int, typer.Option(help="Of all trainings.")] = 0,
    reading: Reading,
    data_dir: DataDir = None,
    smoke: Annotated[bool, typer.Option(help=f"A rehearsal: {SMOKE_ROWS} rows a split, quick parameters.")] = False,
    device: Annotated[DeviceChoice, typer.Option(help="What to train on.")] = DeviceChoice.auto,
    executor: ExecutorOption = ExecutorChoice.local,
    ray_address: RayAddress = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Race families of models inside a time budget, compress the best, time them, and recommend one.

    Many models are trained on few rows, the best third on three times as many, and so on, judged on validation. It ends
    as `bench recommend` does, with the command that serves the model; exit code 1 where nothing keeps to the bounds.
    Killed at any point, the same command goes on with the time that is left; more --minutes go on further.
    Nothing is downloaded. docs/auto.md tells more.

    Examples:

      python -m bench auto mine.csv --minutes 30 --max-latency-ms 5

      python -m bench auto -d emotions --minutes 60 --max-size-mb 20 --max-drop 0.01

      python -m bench auto mine.csv -r linear -r 'lstm\\[units=64]' -r 'distill\\[student=static]' --metric macro_f1
    """
    from rich.console import Console

    from bench.auto.auto import Auto, AutoOptions
    from bench.errors import BenchError
    from bench.run.suite import RunOptions
    from bench.stores import open_store

    name = file or dataset
    if name is None or (file and dataset):
        raise BenchError("give a file of your own, or a data set with -d; not both")
    check_executor(executor, ray_address)
    ref = asked_for(name, reading, data_dir, store)
    deciding = known_metric(metric)
    options = AutoOptions(
        ref, minutes, budget, deciding, max_drop, tuple(recipe or ()), seed,
        RunOptions(
            store, "reuse", device.value, limit=SMOKE_ROWS if smoke else None, executor=executor.value,
            ray_address=ray_address,
        ),
    )  # fmt: skip
    run_ids = set(Auto(options, Console(width=None if sys.stdout.isatty() else 140)).run())
    _recommend(run_ids, open_store(store), Path(name).name, budget, deciding)


def _recommend(run_ids: set[str], store: Store, name: str, budget: Budget, metric: Metric | None) -> None:
    """As `bench recommend` does, of the boards that hold these runs."""
    from rich.console import Console

    from bench.errors import BenchError
    from bench.recommend.answers import answers
    from bench.report.recommendation import print_recommendation

    answered = answers(store, name, budget, metric)
    found = [each for each in answered.found if any(run_ids & set(line.run_ids) for line in each.field.board.lines)]
    if not found:
        raise answered.unanswered[0] if answered.unanswered else BenchError("none of the models came to a score")
    for each in found:
        print_recommendation(each, Console(highlight=False))
    if not all(each.choice for each in found):
        raise typer.Exit(1)
