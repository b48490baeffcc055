"""A share of counted things with its interval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Rate(BaseModel):
    """A share of `n` with its 95 % interval (Wilson, 1927)."""

    model_config = ConfigDict(extra="forbid")

    n: int
    count: int
    value: float | None = Field(description="None where nothing was counted, as the two below.")
    low: float | None
    high: float | None

    @classmethod
    def of(cls, count: int, n: int) -> Rate:
        """Of `count` among `n`."""
        from scipy.stats import binomtest

        if not n:
            return cls(n=0, count=0, value=None, low=None, high=None)
        interval = binomtest(count, n).proportion_ci(method="wilson")
        return cls(n=n, count=count, value=count / n, low=float(interval.low), high=float(interval.high))
