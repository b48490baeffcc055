"""The bounds that `bench recommend` and `bench auto` take, written once."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.commands.grouped import with_options

if TYPE_CHECKING:
    from bench.recommend.budget import Budget


class LatencyChoice(StrEnum):
    """Which latency the bound is on."""

    p50 = "p50"
    p95 = "p95"
    p99 = "p99"


def _limit(help_: str | None = None) -> tuple[Any, None]:
    return Annotated[float | None, typer.Option(help=help_)], None


OPTIONS: dict[str, tuple[Any, Any]] = {
    "max_latency_ms": _limit("Milliseconds for one text."),
    "latency": (Annotated[LatencyChoice, typer.Option(help="Of which calls.")], LatencyChoice.p50),
    "max_size_mb": _limit("Of the artifact's files, in 10^6 bytes."),
    "max_memory_mb": _limit("Peak of the process that answers, in 10^6 bytes."),
    "min_throughput": _limit("Texts a second in batches of 32."),
    "max_cost": _limit("USD a million texts, an estimate from list prices."),
    "min_accuracy": _limit("On validation, as the next two."),
    "min_macro_f1": _limit(),
    "min_macro_recall": _limit(),
    "threads": (Annotated[int | None, typer.Option(help="Of the times: 1, or all cores.", min=1)], None),
}
"""Type and default of each, by the name of its parameter."""


def takes_bounds(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes a `Budget` as its parameter `budget`, with an option for each bound instead."""
    return with_options(command, "budget", OPTIONS, budget_of)


def budget_of(options: dict[str, Any]) -> Budget:
    """The options as one question; a `BenchError` for a bound that is none."""
    from bench.recommend import budget

    given = {quantity: options[name.strip("-").replace("-", "_")] for quantity, name in budget.OPTIONS.items()}
    limits = {quantity: limit for quantity, limit in given.items() if limit is not None}
    return budget.Budget(limits, options["latency"].value, options["threads"])
