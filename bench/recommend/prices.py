"""What a million texts would cost on machines that are rented by the hour: an estimate, as none of them was timed."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

TABLE = Path(__file__).with_name("prices.yaml")
MILLION, SECONDS_AN_HOUR = 1e6, 3600


class Machine(BaseModel):
    """A type of machine that can be rented."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    vcpu: int = Field(gt=0)
    usd_per_hour: float = Field(gt=0)

    def usd_per_million(self, texts_per_s: float) -> float:
        """Were it as fast as where the throughput was measured, and never idle."""
        return self.usd_per_hour * MILLION / (texts_per_s * SECONDS_AN_HOUR)


class PriceTable(BaseModel):
    """Machine types with their prices; the date is that of the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: date
    source: str
    machines: tuple[Machine, ...]

    def cheapest(self, threads: int) -> Machine | None:
        """Of that many vCPUs, or of the least number above it that the table has; None where none is large enough."""
        large = [machine for machine in self.machines if machine.vcpu >= threads]
        return min(large, key=lambda machine: (machine.vcpu, machine.usd_per_hour), default=None)


@lru_cache
def price_table() -> PriceTable:
    """The table that comes with the project."""
    return PriceTable.model_validate(yaml.safe_load(TABLE.read_text(encoding="utf-8")))
