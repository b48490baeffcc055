"""How many times faster: from rounds that two models ran in turn, in one session, or why that cannot be said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import geometric_mean
from typing import Literal

from bench.board.leaderboard import Line
from bench.board.noise import Noise
from bench.board.numbers import estimate
from bench.board.row import Row
from bench.stats.rounds import Estimate, ratio

Quantity = Literal["p50", "throughput"]
UNTIMED = "not timed"


@dataclass(frozen=True)
class SpeedUp:
    """How many times faster the second of two models is: median of the ratios of their rounds, mean over seeds."""

    estimate: Estimate | None
    """None where there is none to give."""
    reason: str = ""
    """Why there is none."""
    floor: float = 0.0
    """The share by which times of one artifact differ on that machine: less is no difference."""

    @property
    def text(self) -> str:
        """`3.10 (2.90–3.30)`, after `≈` where it shows no difference; `× other session` where there is no ratio."""
        if self.estimate is None:
            return f"× {self.reason}"
        return f"{'≈' if self.verdict == 'equal' else ''}{estimate(self.estimate)}"

    @property
    def verdict(self) -> str:
        """`faster`, `slower`, or `equal` where no difference is shown: inside the interval or the noise floor."""
        found = self.estimate
        if found is None or found.low is None or found.high is None:
            return "equal"
        if abs(math.log(found.value)) <= math.log1p(self.floor) or found.low <= 1 <= found.high:
            return "equal"
        return "faster" if found.value > 1 else "slower"


def speed_up(pairs: Sequence[tuple[Row, Row]], noise: Noise, quantity: Quantity = "p50") -> SpeedUp:
    """Of the second of each pair against the first; pairs of seeds of two models."""
    reasons = [_incomparable(first, second) for first, second in pairs]
    comparable = [pair for pair, reason in zip(pairs, reasons, strict=True) if not reason]
    if not comparable:
        return SpeedUp(None, next((reason for reason in reasons if reason != UNTIMED), UNTIMED))
    session = max(comparable, key=lambda pair: pair[0].performance.session or "")[0].performance.session
    ratios = [_by_round(*pair, quantity) for pair in comparable if pair[0].performance.session == session]
    means = [geometric_mean(of_round) for of_round in zip(*ratios, strict=True)]
    return SpeedUp(ratio(means, [1.0] * len(means)), floor=getattr(noise, quantity))


def line_speed_up(first: Line, second: Line, noise: Noise, quantity: Quantity = "p50") -> SpeedUp:
    """Of the second line against the first, every timed run of the one against every one of the other."""
    return speed_up(list(product(first.timed, second.timed)), noise, quantity)


def fastest(lines: Sequence[Line], noise: Noise) -> Line | None:
    """The first of those lines that are not shown to be slower than the one of the smallest median; None if untimed."""
    timed = [line for line in lines if line.values.p50_ms_b1 is not None]
    if not timed:
        return None
    least = min(timed, key=lambda line: line.values.p50_ms_b1 or 0.0)
    return next(line for line in timed if line_speed_up(line, least, noise).verdict != "faster")


def _by_round(first: Row, second: Row, quantity: Quantity) -> list[float]:
    """By how much the second is faster, in each round."""
    a, b = first.performance.all_threads, second.performance.all_threads
    if quantity == "throughput":
        a, b = b, a
        return [x / y for x, y in zip(a.rounds_texts_per_s, b.rounds_texts_per_s, strict=True)]
    return [x / y for x, y in zip(a.rounds_p50_ms, b.rounds_p50_ms, strict=True)]


def _incomparable(first: Row, second: Row) -> str:
    """Why two runs have no ratio of times; empty where they have."""
    a, b = first.performance, second.performance
    if a.protocol is None or b.protocol is None:
        return UNTIMED
    if a.timed_on != b.timed_on:
        return "other machine"
    if a.protocol != b.protocol:
        return "other protocol"
    if a.session is None or b.session is None:
        return "session unknown"
    if a.session != b.session:
        return "other session"
    if a.threads != b.threads or len(a.all_threads.rounds_p50_ms) != len(b.all_threads.rounds_p50_ms):
        return "other threads or rounds"
    return ""
