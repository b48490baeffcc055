"""The bounds of a compressed model: `size<=10MB, p50<=3ms`, and how far from it a candidate is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.errors import BenchError, did_you_mean

UNITS = {
    "size": {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9},
    "p50": {"ms": 1.0, "us": 1e-3, "s": 1e3},
}
"""By cost, how many bytes or milliseconds a unit has."""
_TARGET = re.compile(r"\s*(\w+)\s*<=\s*([0-9.]+)\s*([A-Za-z]*)\s*")


@dataclass(frozen=True)
class Costs:
    """Of a candidate: bytes of its files, median milliseconds of a single text on all cores."""

    size: float
    p50: float


@dataclass(frozen=True)
class Targets:
    """Upper bounds by cost, in bytes and milliseconds."""

    bounds: Mapping[str, float]
    text: str

    def excess(self, costs: Costs) -> dict[str, float]:
        """By which share of itself each bound is exceeded; 0 or less where it is met."""
        return {name: getattr(costs, name) / bound - 1 for name, bound in self.bounds.items()}


def parse_targets(text: str) -> Targets:
    """`'size<=10MB, p50<=3ms'`; anything else is a `BenchError`."""
    bounds: dict[str, float] = {}
    for part in text.split(","):
        match = _TARGET.fullmatch(part)
        if match is None:
            raise BenchError(f"cannot read the target '{part.strip()}': write size<=10MB, p50<=3ms or both")
        name, number, unit = match.groups()
        if name not in UNITS:
            raise BenchError(f"unknown target '{name}': {did_you_mean(name, UNITS)}")
        if unit not in UNITS[name]:
            raise BenchError(f"target '{part.strip()}' needs a unit: {', '.join(UNITS[name])}")
        try:
            bounds[name] = float(number) * UNITS[name][unit]
        except ValueError:
            raise BenchError(f"target '{part.strip()}': '{number}' is no number") from None
    return Targets(bounds, text)
