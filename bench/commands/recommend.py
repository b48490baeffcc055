"""`bench recommend`: which model to ship inside bounds, and how sure that is."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import MetricOption, StoreOption, known_metric


class LatencyChoice(StrEnum):
    """Which latency the bound is on."""

    p50 = "p50"
    p95 = "p95"
    p99 = "p99"


Limit = float | None


def recommend(
    dataset: Annotated[
        str | None, typer.Option("-d", "--dataset", help="The data set; all of the store where none is named.")
    ] = None,
    max_latency_ms: Annotated[Limit, typer.Option(help="Milliseconds for one text.")] = None,
    latency: Annotated[LatencyChoice, typer.Option(help="Of which calls.")] = LatencyChoice.p50,
    max_size_mb: Annotated[Limit, typer.Option(help="Of the artifact's files, in 10^6 bytes.")] = None,
    max_memory_mb: Annotated[Limit, typer.Option(help="Peak of the process that answers, in 10^6 bytes.")] = None,
    min_throughput: Annotated[Limit, typer.Option(help="Texts a second in batches of 32.")] = None,
    max_cost: Annotated[Limit, typer.Option(help="USD a million texts, an estimate from list prices.")] = None,
    min_accuracy: Annotated[Limit, typer.Option(help="On validation, as the next two.")] = None,
    min_macro_f1: Annotated[Limit, typer.Option()] = None,
    min_macro_recall: Annotated[Limit, typer.Option()] = None,
    metric: MetricOption = None,
    threads: Annotated[int | None, typer.Option(help="Of the times: 1, or all cores.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Choose a model on validation inside bounds, and tell what test says of it.

    What it beats and what it ties with on test, how likely it is the best inside the bounds, its size, times, memory
    and price, and the command that serves it. Exit code 1 where nothing keeps to the bounds, with the bound to loosen.
    docs/recommend.md explains every figure.

    Examples:

      python -m bench recommend -d emotions --max-latency-ms 5 --latency p95 --max-size-mb 20

      python -m bench recommend -d emotions --metric macro_f1 --min-macro-f1 0.85 --threads 1

      python -m bench recommend -d mine.csv --max-cost 0.05 --json
    """
    import json

    from rich.console import Console

    from bench.board.aggregate import boards, chosen
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows
    from bench.noise_floor import read_noise_floors
    from bench.recommend.budget import Budget, Quantity
    from bench.recommend.candidates import field_of
    from bench.recommend.choice import recommend as choose
    from bench.recommend.document import document
    from bench.report.recommendation import print_recommendation
    from bench.store import Store

    limits: dict[Quantity, float | None] = {
        "latency": max_latency_ms, "size": max_size_mb, "memory": max_memory_mb, "throughput": min_throughput,
        "cost": max_cost, "accuracy": min_accuracy, "macro_f1": min_macro_f1, "macro_recall": min_macro_recall,
    }  # fmt: skip
    budget = Budget({q: limit for q, limit in limits.items() if limit is not None}, latency.value, threads)
    deciding, home = known_metric(metric), Store(store)
    rows = stored_rows(home)
    predictions, floors = Predictions(home, rows), read_noise_floors(store)
    fields = [
        field_of(board, predictions, home, floors, budget, deciding)
        for board in chosen(boards(rows, predictions, floors), dataset)
    ]
    found = [choose(field, home) for field in fields]
    if as_json:
        print(json.dumps([document(each) for each in found], indent=1, ensure_ascii=False, allow_nan=False))
    else:
        console = Console(highlight=False)
        for each in found:
            print_recommendation(each, console)
    if any(each.choice is None for each in found):
        raise typer.Exit(1)
