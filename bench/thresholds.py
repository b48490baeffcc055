"""From probabilities to labels: the most probable one, or each that reaches its threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.probabilities import Probabilities

Labels = npt.NDArray[np.int64]
UNFITTED = 0.5
"""Of a label that validation does not have, and where there is no validation."""


def predicted_labels(probabilities: Probabilities, thresholds: Sequence[float] | None) -> Labels:
    """Int64 [n]: the most probable label, the first of equals. With a threshold a label 0 or 1, int64 [n, k]."""
    if not thresholds:
        return np.asarray(probabilities.argmax(axis=1))
    return np.asarray(probabilities >= np.asarray(thresholds), np.int64)


def thresholds_for(labels: Labels, probabilities: Probabilities) -> list[float] | None:
    """As `fit_thresholds`, of labels 0 or 1 [n, k]; None of one label a text, int64 [n]."""
    return fit_thresholds(labels, probabilities) if labels.ndim == 2 else None


def fit_thresholds(labels: Labels, probabilities: Probabilities) -> list[float]:
    """The threshold of each label that gives it the highest F1, from 0 or 1 [n, k] and probabilities [n, k].

    Half-way between the probabilities on both sides of it; of equal ones that nearest .5 (Yang, 2001: SCut).
    """
    pairs = zip(labels.T, probabilities.T.astype(np.float64), strict=True)
    return [_best_threshold(true, said) for true, said in pairs]


def _best_threshold(true: Labels, said: npt.NDArray[np.float64]) -> float:
    if not true.any():
        return UNFITTED
    order = np.argsort(-said, kind="stable")
    found, ranked = np.cumsum(true[order]), said[order]
    below = np.append(ranked[1:], 0.0)
    between = np.where(ranked > below, (ranked + below) / 2, -1.0)  # no threshold parts equals
    if (between < 0).all():
        return UNFITTED
    scores = np.where(between >= 0, 2 * found / (np.arange(1, len(true) + 1) + true.sum()), -1.0)
    best = between[scores >= scores.max() - 1e-12]
    return round(float(best[np.abs(best - UNFITTED).argmin()]), 9)
