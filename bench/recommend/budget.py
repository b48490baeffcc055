"""The bounds that a model must keep to be recommended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bench.board.numbers import significant
from bench.errors import BenchError
from bench.metrics import METRICS, written

Percentile = Literal["p50", "p95", "p99"]
Quantity = Literal["latency", "size", "memory", "throughput", "cost", "accuracy", "macro_f1", "macro_recall"]
TIMES: tuple[Quantity, ...] = ("latency", "throughput", "cost")
"""That need a time."""
UNITS: Mapping[Quantity, str] = {
    "latency": "ms", "size": "MB", "memory": "MB", "throughput": "texts/s", "cost": "USD a million texts",
}  # fmt: skip
OPTIONS: Mapping[Quantity, str] = {
    "latency": "--max-latency-ms", "size": "--max-size-mb", "memory": "--max-memory-mb",
    "throughput": "--min-throughput", "cost": "--max-cost", "accuracy": "--min-accuracy",
    "macro_f1": "--min-macro-f1", "macro_recall": "--min-macro-recall",
}  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """Bounds by quantity, in the units of `UNITS`; scores are fractions, of validation."""

    limits: Mapping[Quantity, float]
    percentile: Percentile = "p50"
    """Of the latency."""
    threads: int | None = None
    """Of the times; None for all cores."""

    def __post_init__(self) -> None:
        for quantity, limit in self.limits.items():
            if not math.isfinite(limit) or limit <= 0 or (quantity in METRICS and limit >= 1):
                wanted = "above 0 and below 1" if quantity in METRICS else "a number above 0"
                raise BenchError(f"{OPTIONS[quantity]} {limit:g}: {wanted}")

    @property
    def timed(self) -> bool:
        """Whether a bound needs times."""
        return any(quantity in TIMES for quantity in self.limits)

    def excess(self, quantity: Quantity, value: float) -> float:
        """By which share of the limit a value is beyond it; 0 or less where it keeps to it."""
        return (value / self.limits[quantity] - 1) * (-1 if is_least(quantity) else 1)

    def name(self, quantity: Quantity) -> str:
        """As text: `p95`, `size`, `macro-F1`."""
        if quantity == "latency":
            return self.percentile
        return next((written(metric) for metric in METRICS if metric == quantity), quantity)

    @property
    def text(self) -> str:
        """`p95 ≤ 5 ms, size ≤ 20 MB`; empty without bounds."""
        signs = {q: "≥" if is_least(q) else "≤" for q in self.limits}
        return ", ".join(f"{self.name(q)} {signs[q]} {with_unit(q, limit)}" for q, limit in self.limits.items())


def is_least(quantity: Quantity) -> bool:
    """Whether more is better, and the bound the least that will do."""
    return quantity == "throughput" or quantity in METRICS


def with_unit(quantity: Quantity, value: float) -> str:
    """`5 ms`, `0.9`: as the user would write it."""
    return f"{value:.6g} {UNITS.get(quantity, '')}".strip()


def shown(quantity: Quantity, value: float) -> str:
    """`1.23 ms`, `0.912`: three digits."""
    return f"{value:.3f}" if quantity in METRICS else f"{significant(value)} {UNITS[quantity]}"


def sufficient(quantity: Quantity, value: float) -> float:
    """A limit of three digits that `value` just keeps to."""
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    steps = math.floor(value / step + 1e-9) if is_least(quantity) else math.ceil(value / step - 1e-9)
    return float(f"{steps * step:.6g}")
