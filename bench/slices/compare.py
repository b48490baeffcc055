"""A model on each slice against the rest of the test texts, corrected for there being many slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.measure.bins import Labels
from bench.slices.definitions import Members
from bench.stats.families import holm

LEAST = 20
"""Texts inside a slice, and outside: fewer say nothing."""
ALPHA = 0.05
DRAWS, SEED = 20_000, 20_260_101


@dataclass(frozen=True)
class Slice:
    """What a model does on one slice; the intervals are of 95 %, over texts."""

    name: str
    n: int
    accuracy: float
    difference: float
    """Less the accuracy on the rest."""
    low: float
    high: float
    p: float
    """Of a permutation test, two-sided, corrected after Holm over the slices."""

    @property
    def differs(self) -> bool:
        """Whether it is shown to be unlike the rest."""
        return self.p < ALPHA


def compare(members: Members, labels: Labels, predicted: Sequence[Labels]) -> list[Slice]:
    """All slices with enough texts, the worst first.

    `labels` and what each seed has `predicted`, int64 [n]: a text counts by the share of seeds that are right; of
    several labels a text, 0 or 1 in int64 [n, k], by those that have all of them right.
    """
    found = np.array([(some == labels).reshape(len(labels), -1).all(axis=1) for some in predicted])
    right = found.mean(axis=0)
    usable = {name: inside for name, inside in members.items() if LEAST <= inside.sum() <= len(labels) - LEAST}
    p_values = holm([_permutation_p(right, inside) for inside in usable.values()])
    slices = []
    for (name, inside), p in zip(usable.items(), p_values, strict=True):
        gap = float(right[inside].mean() - right[~inside].mean())
        low, high = _interval(right[inside], right[~inside])
        slices.append(Slice(name, int(inside.sum()), float(right[inside].mean()), gap, low, high, p))
    return sorted(slices, key=lambda each: each.difference)


def _permutation_p(right: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_]) -> float:
    """Two-sided, of as many texts drawn at random: exact but for the number of draws, even where errors are rare.

    A text has one of few values, as many as seeds and one more, so that a draw is one of how often each value is in it.
    """
    values, counts = np.unique(right, return_counts=True)
    n = int(inside.sum())
    expected = n * right.mean()
    random = np.random.default_rng(SEED)
    sums = random.multivariate_hypergeometric(counts, n, size=DRAWS) @ values
    as_far = np.abs(sums - expected) >= abs(right[inside].sum() - expected) - 1e-9
    return float((1 + as_far.sum()) / (1 + DRAWS))


def _interval(inside: npt.NDArray[np.float64], outside: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Of the difference of means, 95 %: a right and a wrong text are added to each (Agresti and Caffo, 2000)."""
    first, second = (np.concatenate([side, [0.0, 1.0]]) for side in (inside, outside))
    gap = first.mean() - second.mean()
    spread = 1.96 * math.sqrt(first.var() / len(first) + second.var() / len(second))
    return float(gap - spread), float(gap + spread)
