"""The goals of a compressed model: `size<=10MB, p95<=5ms, macro_f1>=0.8`, and how far from them a candidate is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.errors import BenchError, did_you_mean
from bench.metrics import METRICS, Metric

_MILLISECONDS = {"ms": 1.0, "us": 1e-3, "s": 1e3}
_BYTES = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9}
UNITS: Mapping[str, Mapping[str, float]] = {
    "size": _BYTES, "p50": _MILLISECONDS, "p95": _MILLISECONDS, "memory": _BYTES, "throughput": {"/s": 1.0},
    **{metric: {"": 1.0} for metric in METRICS},
}  # fmt: skip
"""By goal, how many bytes, milliseconds or texts a second a unit has; scores are fractions and have none."""
LEAST = ("throughput", *METRICS)
"""Goals of which more is better."""
_TARGET = re.compile(r"\s*(\w+)\s*(<=|>=)\s*([0-9.]+)\s*([A-Za-z/]*)\s*")


@dataclass(frozen=True)
class Costs:
    """Of a candidate, on all cores: what its artifact and its processes take."""

    size: float
    """Bytes of its files."""
    p50: float
    """Milliseconds of a single text, as `p95`."""
    p95: float
    memory: float
    """Peak bytes of the process that answers."""
    throughput: float
    """Texts a second in batches of 32."""


@dataclass(frozen=True)
class Targets:
    """Bounds by goal, in bytes, milliseconds, texts a second and fractions."""

    bounds: Mapping[str, float]
    text: str

    @property
    def costs(self) -> dict[str, float]:
        """Those of costs."""
        return {name: bound for name, bound in self.bounds.items() if name not in METRICS}

    @property
    def scores(self) -> dict[Metric, float]:
        """The least scores."""
        return {metric: self.bounds[metric] for metric in METRICS if metric in self.bounds}

    def excess(self, costs: Costs) -> dict[str, float]:
        """By which share of itself each bound of a cost is missed; 0 or less where it is met."""
        return {
            name: (getattr(costs, name) / bound - 1) * (-1 if name in LEAST else 1)
            for name, bound in self.costs.items()
        }


def parse_targets(text: str) -> Targets:
    """`'size<=10MB, throughput>=500/s, accuracy>=0.9'`; anything else is a `BenchError`."""
    return Targets(dict(_bound(part) for part in text.split(",")), text)


def as_text(cost: str, value: float) -> str:
    """`1.23 MB`, `0.45 ms`, `812/s`."""
    if cost == "throughput":
        return f"{value:,.0f}/s"
    return f"{value / 1e6:.2f} MB" if UNITS[cost] is _BYTES else f"{value:.2f} ms"


def _bound(part: str) -> tuple[str, float]:
    match = _TARGET.fullmatch(part)
    if match is None:
        raise BenchError(f"cannot read the target '{part.strip()}': write size<=10MB, throughput>=500/s, accuracy>=0.9")
    name, sign, number, unit = match.groups()
    if name not in UNITS:
        raise BenchError(f"unknown target '{name}': {did_you_mean(name, UNITS)}")
    wanted = ">=" if name in LEAST else "<="
    if sign != wanted:
        raise BenchError(f"target '{part.strip()}': {name} has a bound with {wanted}")
    if unit not in UNITS[name]:
        raise BenchError(f"target '{part.strip()}' needs {_units(name)}")
    try:
        bound = float(number) * UNITS[name][unit]
    except ValueError:
        raise BenchError(f"target '{part.strip()}': '{number}' is no number") from None
    if bound <= 0 or (name in METRICS and bound >= 1):
        raise BenchError(f"target '{part.strip()}': above 0" + (" and below 1" if name in METRICS else ""))
    return name, bound


def _units(name: str) -> str:
    return "no unit" if name in METRICS else f"a unit: {', '.join(UNITS[name])}"
