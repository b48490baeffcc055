"""The bounds that `bench recommend` and `bench auto` take, written once."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bench.recommend.budget import Budget, Quantity

Limit = float | None


class LatencyChoice(StrEnum):
    """Which latency the bound is on."""

    p50 = "p50"
    p95 = "p95"
    p99 = "p99"


MaxLatency = Annotated[Limit, typer.Option(help="Milliseconds for one text.")]
Latency = Annotated[LatencyChoice, typer.Option(help="Of which calls.")]
MaxSize = Annotated[Limit, typer.Option(help="Of the artifact's files, in 10^6 bytes.")]
MaxMemory = Annotated[Limit, typer.Option(help="Peak of the process that answers, in 10^6 bytes.")]
MinThroughput = Annotated[Limit, typer.Option(help="Texts a second in batches of 32.")]
MaxCost = Annotated[Limit, typer.Option(help="USD a million texts, an estimate from list prices.")]
MinAccuracy = Annotated[Limit, typer.Option(help="On validation, as the next two.")]
MinScore = Annotated[Limit, typer.Option()]
Threads = Annotated[int | None, typer.Option(help="Of the times: 1, or all cores.", min=1)]


def budget_of(
    latency: LatencyChoice,
    threads: int | None,
    *,
    max_latency_ms: Limit,
    max_size_mb: Limit,
    max_memory_mb: Limit,
    min_throughput: Limit,
    max_cost: Limit,
    min_accuracy: Limit,
    min_macro_f1: Limit,
    min_macro_recall: Limit,
) -> Budget:
    """The options as one question; a `BenchError` for a bound that is none."""
    from bench.recommend.budget import Budget

    limits: dict[Quantity, float | None] = {
        "latency": max_latency_ms, "size": max_size_mb, "memory": max_memory_mb, "throughput": min_throughput,
        "cost": max_cost, "accuracy": min_accuracy, "macro_f1": min_macro_f1, "macro_recall": min_macro_recall,
    }  # fmt: skip
    return Budget({q: limit for q, limit in limits.items() if limit is not None}, latency.value, threads)
