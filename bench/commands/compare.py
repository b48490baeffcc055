"""`bench compare`: the leaderboard, or two models with a paired test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.commands.options import StoreOption

if TYPE_CHECKING:
    from rich.console import Console

    from bench.board.comparison import Comparison


def compare(
    first: Annotated[str | None, typer.Argument(help="A model, or some of its parameters, or a run id.")] = None,
    second: Annotated[str | None, typer.Argument(help="The one that may be better or worse.")] = None,
    store: StoreOption = Path(".sentibench"),
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help="Only this data set.")] = None,
    metric: Annotated[
        str, typer.Option(help="What decides between two: accuracy, macro_f1 or macro_recall.")
    ] = "accuracy",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print the leaderboard of each data set: means over seeds, ties, sizes and times.

    Of many models the best are shown; with --dataset, all. Two models named: their paired difference on each data set
    that both were run on, with its interval over texts and seeds; exit code 1 where the second is worse.

    Examples:

      python -m bench compare

      python -m bench compare --dataset emotions

      python -m bench compare --json

      python -m bench compare lstm 'finetune\\[weights=pretrained]' --metric macro_recall
    """
    from rich.console import Console

    from bench.board.aggregate import boards, chosen
    from bench.board.comparison import comparisons
    from bench.board.leaderboard import document
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows
    from bench.errors import BenchError, did_you_mean
    from bench.measure.paired import METRICS
    from bench.noise_floor import read_noise_floors
    from bench.report.terminal import print_boards
    from bench.store import Store

    rows = stored_rows(Store(store))
    found = chosen(boards(rows, read_noise_floors(store)), dataset)
    console = Console(highlight=False)
    if first is None:
        if as_json:
            _print_json([document(board) for board in found])
        else:
            print_boards(found, console)
        return
    if second is None:
        raise BenchError(f"compare '{first}' with what? name a second model")
    if metric not in METRICS:
        raise BenchError(f"--metric {metric}: {did_you_mean(metric, METRICS)}")
    _print_pairs(comparisons(found, Predictions(Store(store), rows), first, second), metric, as_json, console)


def _print_pairs(pairs: list[Comparison], metric: str, as_json: bool, console: Console) -> None:
    from bench.board.comparison import document
    from bench.report.terminal import print_comparison

    if as_json:
        _print_json([document(pair, metric) for pair in pairs])
    else:
        for pair in pairs:
            print_comparison(pair, metric, console)
    if any(pair.paired.verdict(metric) == "worse" for pair in pairs):
        raise typer.Exit(1)


def _print_json(documents: list[dict[str, Any]]) -> None:
    import json

    print(json.dumps(documents, indent=1, ensure_ascii=False, allow_nan=False))
