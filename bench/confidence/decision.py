"""Thresholds of the labels: weights of the probabilities before the largest one is taken, fitted on validation."""

from __future__ import annotations

import numpy as np

from bench.confidence.calibration import Labels
from bench.contract import Probabilities
from bench.measure.quality import scores_of, terms_of

GRID = 5.0 ** (np.arange(-20, 21) / 20)
"""The weights that are tried, 1 among them."""
ROUNDS = 3


def score(labels: Labels, probabilities: Probabilities, weights: np.ndarray, metric: str) -> float:
    """Of the labels that weighted probabilities choose. `metric`: accuracy, macro_f1 or macro_recall."""
    n, k = probabilities.shape
    weighted = (probabilities * weights).astype(np.float32)
    weighted /= weighted.sum(axis=1, keepdims=True)
    return float(scores_of(terms_of(labels, weighted).sums(np.ones((n, 1))), k, n)[metric][0])


def fit(labels: Labels, probabilities: Probabilities, metric: str) -> list[float]:
    """The weight of each label that is best for `metric` on validation, one after the other, from all at 1.

    Of equal ones the nearest to 1: a weight needs a reason.
    """
    weights = np.ones(probabilities.shape[1])
    by_distance = sorted(GRID, key=lambda weight: abs(np.log(weight)))
    for _ in range(ROUNDS):
        before = weights.copy()
        for label in range(len(weights)):
            tried = [np.where(np.arange(len(weights)) == label, weight, weights) for weight in by_distance]
            weights = max(tried, key=lambda trial: score(labels, probabilities, trial, metric))
        if np.array_equal(weights, before):
            break
    return [float(weight) for weight in weights]
