"""`bench compare`: the leaderboard, or models with a paired test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.commands.options import MetricOption, StoreOption, known_metric

if TYPE_CHECKING:
    from rich.console import Console

    from bench.board.comparison import Comparison
    from bench.board.leaderboard import Board
    from bench.board.predictions import Predictions


def compare(
    first: Annotated[str | None, typer.Argument(help="A model, or some of its parameters, or a run id.")] = None,
    others: Annotated[list[str] | None, typer.Argument(help="Those that may be better or worse.")] = None,
    store: StoreOption = Path(".sentibench"),
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help="Only this data set.")] = None,
    metric: MetricOption = None,
    margin: Annotated[float, typer.Option(help="A difference in score that does not matter.")] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print the leaderboard of each data set: means over seeds, ties, sizes and times.

    Of many models the best are shown; with --dataset, all. Over several data sets, average ranks follow. Models named:
    the paired difference of the first and each of the others, on each data set that both were run on, with its interval
    over texts and seeds, corrected for being several, and whether they are the same within the margin; exit code 1
    where one of the others is worse.

    Examples:

      python -m bench compare

      python -m bench compare --dataset emotions

      python -m bench compare --json

      python -m bench compare lstm 'finetune\\[weights=pretrained]' --metric macro_recall

      python -m bench compare lstm dnn linear -d emotions --margin 0.02
    """
    from rich.console import Console

    from bench.board.aggregate import boards, chosen
    from bench.board.comparison import comparisons
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows
    from bench.errors import BenchError
    from bench.noise_floor import read_noise_floors
    from bench.stores import open_store

    deciding = known_metric(metric)
    if not 0 < margin < 1:
        raise BenchError(f"--margin {margin:g}: a difference of scores, above 0 and below 1")
    home = open_store(store)
    rows = stored_rows(home)
    predictions = Predictions(home, rows)
    found = chosen(boards(rows, predictions, read_noise_floors(store)), dataset)
    console = Console(highlight=False)
    if first is None:
        _print_boards(found, predictions, as_json, console)
        return
    if not others:
        raise BenchError(f"compare '{first}' with what? name a second model")
    _print_pairs(comparisons(found, predictions, first, others, deciding, margin), as_json, console)


def _print_boards(boards: list[Board], predictions: Predictions, as_json: bool, console: Console) -> None:
    from bench.board import across, leaderboard
    from bench.report.terminal import print_across, print_boards

    ranks = across.across(boards, predictions)
    if as_json:
        documents = [leaderboard.document(board) for board in boards]
        _print_json({"boards": documents, "across": ranks and across.document(ranks)})
        return
    print_boards(boards, predictions, console)
    if ranks:
        print_across(ranks, console)


def _print_pairs(pairs: list[Comparison], as_json: bool, console: Console) -> None:
    from bench.board.comparison import document
    from bench.report.terminal import print_comparison

    if as_json:
        _print_json([document(pair) for pair in pairs])
    else:
        for pair in pairs:
            print_comparison(pair, console)
    if any(pair.verdict == "worse" for pair in pairs):
        raise typer.Exit(1)


def _print_json(documents: list[dict[str, Any]] | dict[str, Any]) -> None:
    import json

    print(json.dumps(documents, indent=1, ensure_ascii=False, allow_nan=False))
