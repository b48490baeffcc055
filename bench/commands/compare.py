"""`bench compare`: the leaderboard, or two models with a paired test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import StoreOption

if TYPE_CHECKING:
    from rich.console import Console

    from bench.report.leaderboard import Board
    from bench.store import Store


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
    import json

    from rich.console import Console

    from bench.errors import BenchError
    from bench.report.leaderboard import boards
    from bench.report.source import chosen, stored_rows
    from bench.report.tables import board_document
    from bench.report.terminal import print_boards
    from bench.store import Store

    found = chosen(boards(stored_rows(Store(store))), dataset)
    console = Console(highlight=False)
    if first is None:
        if as_json:
            documents = [board_document(board) for board in found]
            print(json.dumps(documents, indent=1, ensure_ascii=False, allow_nan=False))
            return
        print_boards(found, console)
        return
    if second is None:
        raise BenchError(f"compare '{first}' with what? name a second model")
    _compare_two(found, Store(store), (first, second), metric, as_json, console)


def _compare_two(
    found: list[Board], store: Store, names: tuple[str, str], metric: str, as_json: bool, console: Console
) -> None:
    import json

    from bench.errors import BenchError, did_you_mean
    from bench.measure.paired import METRICS
    from bench.report.comparison import comparisons, document, print_comparison

    if metric not in METRICS:
        raise BenchError(f"--metric {metric}: {did_you_mean(metric, METRICS)}")
    pairs = comparisons(found, store, *names)
    if as_json:
        print(json.dumps([document(pair, metric) for pair in pairs], indent=1, ensure_ascii=False, allow_nan=False))
    else:
        for pair in pairs:
            print_comparison(pair, metric, console)
    if any(pair.paired.verdict(metric) == "worse" for pair in pairs):
        raise typer.Exit(1)
