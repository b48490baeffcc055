"""Ranks, and which models a test set cannot tell from the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bench.board.leaderboard import Line


def smallest_gap(accuracy: float, n: int) -> float:
    """The difference between two independent accuracies that is 1.96 standard errors: 1.96 sqrt(2 p (1 - p) / n).

    Predictions on the same texts are paired, so that a paired test may see smaller ones.
    """
    return 1.96 * math.sqrt(2 * accuracy * (1 - accuracy) / n)


def ranked(lines: Sequence[Line], gap: float) -> tuple[Line, ...]:
    """Most accurate first with ranks and ties (less than `gap` from the best), failures last by name."""
    scored = sorted((line for line in lines if line.ok), key=lambda line: (-line.accuracy, line.title))
    failures = sorted((line for line in lines if not line.ok), key=lambda line: line.title)
    near = [line is scored[0] or scored[0].accuracy - line.accuracy < gap for line in scored]
    places = [
        replace(line, tied=tied and sum(near) > 1, rank=1 if tied else place)
        for place, (line, tied) in enumerate(zip(scored, near, strict=True), start=1)
    ]
    return (*places, *failures)
