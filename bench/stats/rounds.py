"""Times over rounds: the median with its interval, whether the rounds agree, and ratios taken round by round."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

SPREAD, DRIFT = 0.10, 0.10
"""Beyond which rounds are not steady, as shares of their median."""
ALPHA = 0.05


class Estimate(NamedTuple):
    """A median over rounds with the ends of its interval of at least 95 %, which fewer than six rounds do not have."""

    value: float
    low: float | None = None
    high: float | None = None


def median_interval(values: Sequence[float]) -> Estimate:
    """The median and two order statistics: the exact interval of the sign test, whatever the distribution.

    Of ten values these are the second and the ninth, which hold the median of the population with 97.9 %. Rounds have a
    long upper tail, where an interval by Student's t is wrong; see `benchmarks/round_intervals.py`. At least one value.
    """
    ordered, rank = sorted(values), _outer_rank(len(values))
    if not rank:
        return Estimate(statistics.median(ordered))
    return Estimate(statistics.median(ordered), ordered[rank - 1], ordered[-rank])


def _outer_rank(n: int) -> int:
    """The largest k, from 1, with P(fewer than k of n fair coins are heads) ≤ 2.5 %; 0 where there is none."""
    rank, cumulated = 0, 1.0
    while cumulated / 2**n <= ALPHA / 2:
        rank += 1
        cumulated += math.comb(n, rank)
    return rank


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """The median of the ratios of two artifacts, round by round, with its interval.

    Both are of the same rounds in the same order. What slows a whole round down divides out.
    """
    return median_interval([a / b for a, b in zip(numerators, denominators, strict=True)])


def noise_floor(first: Sequence[float], second: Sequence[float]) -> float:
    """By what share two contestants of one artifact may differ: the far end of the interval of their ratio.

    With fewer than six rounds, which have no interval, the far end of the ratios themselves.
    """
    found = ratio(first, second)
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    ends = (min(ratios) if found.low is None else found.low, max(ratios) if found.high is None else found.high)
    return math.exp(max(abs(math.log(end)) for end in ends)) - 1


def spread(values: Sequence[float]) -> float:
    """The interquartile range over the median; at least two values."""
    first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
    return (third - first) / middle


def drift(values: Sequence[float]) -> float:
    """By how much the median of the later half exceeds that of the earlier, as a share of it; in the order of time."""
    half = len(values) // 2
    return statistics.median(values[-half:]) / statistics.median(values[:half]) - 1


def is_steady(values: Sequence[float]) -> bool | None:
    """Whether rounds neither scatter by more than `SPREAD` nor drift by more than `DRIFT`; None under four rounds."""
    if len(values) < 4:
        return None
    return spread(values) <= SPREAD and abs(drift(values)) <= DRIFT
