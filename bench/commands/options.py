"""Options that several commands take, written once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.metrics import Metric


def recipes(begun: str) -> list[str]:
    """Names of recipes that begin so, for a shell that completes words."""
    from bench.registry import recipe_files

    return [name for name in recipe_files() if name.startswith(begun)]


def datasets(begun: str) -> list[str]:
    """Names of data sets that begin so."""
    from bench.data import dataset_names

    return [name for name in dataset_names() if name.startswith(begun)]


def suites(begun: str) -> list[str]:
    """Names of suites that begin so."""
    from bench.spec import suite_names

    return [name for name in suite_names() if name.startswith(begun)]


def _store_folder(where: str | Path) -> Path:
    from bench.stores import store_folder

    return store_folder(where)


StoreOption = Annotated[
    Path,
    typer.Option(
        "--store", envvar="SENTIBENCH_STORE", parser=_store_folder, metavar="FOLDER|URL",
        help="Where results, artifacts and prepared data are kept: a folder, or s3://…, gs://…, az://… or "
        "postgresql://…, which machines share.",
    ),
]  # fmt: skip
DatasetOption = Annotated[
    list[str] | None,
    typer.Option("-d", "--dataset", autocompletion=datasets, help="A data set's name, or your own file."),
]
Rounds = Annotated[
    int | None,
    typer.Option(
        min=1, help="Rounds of timing, 10 unless given; fewer are quicker, under six no time has an interval."
    ),
]
MetricOption = Annotated[
    str | None, typer.Option(help="What decides: accuracy, macro_f1 or macro_recall; else each data set's own.")
]

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="SENTIBENCH_DATA", help="Where to look for data first."),
]


def known_metric(name: str | None) -> Metric | None:
    """The metric of that name, None for none; an unknown one is an error with the nearest right name."""
    from bench.errors import BenchError, did_you_mean
    from bench.metrics import METRICS

    found = next((metric for metric in METRICS if metric == name), None)
    if name is not None and found is None:
        raise BenchError(f"--metric {name}: {did_you_mean(name, METRICS)}")
    return found


class ExecutorChoice(StrEnum):
    """Where the phases of runs are carried out."""

    local = "local"
    ray = "ray"


ExecutorOption = Annotated[
    ExecutorChoice,
    typer.Option("--executor", help="Carry out runs one after another, or side by side on Ray: here or on a cluster."),
]
RayAddress = Annotated[
    str | None, typer.Option(help="HOST:PORT of the head of a Ray cluster that this machine is a node of, or auto.")
]


def check_executor(executor: ExecutorChoice, address: str | None) -> None:
    """A `BenchError` where an address is given that nothing uses."""
    if address is not None and executor is not ExecutorChoice.ray:
        raise BenchError("--ray-address is used with --executor ray alone")
