"""Scores of labels that are steps of one scale: a miss by two steps is worse than one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class OrdinalScores(NamedTuple):
    """None where labels have no order, and where nothing is scored."""

    mean_absolute_error: float | None = None
    """In steps; 0 is best."""
    quadratic_kappa: float | None = None
    """Agreement beyond chance, a miss weighed by the square of its steps (Cohen, 1968); 1 is best, 0 is chance."""


def ordinal_scores(confusion: Sequence[Sequence[int]]) -> OrdinalScores:
    """Of a confusion matrix [k, k] in label order, rows true, columns predicted."""
    counts = np.asarray(confusion, np.float64)
    steps = np.abs(np.subtract.outer(np.arange(len(counts)), np.arange(len(counts))))
    total = counts.sum()
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    expected = float((by_chance * steps**2).sum())
    kappa = 1 - float((counts * steps**2).sum()) / expected if expected else None
    return OrdinalScores(float((counts * steps).sum() / total), kappa)
