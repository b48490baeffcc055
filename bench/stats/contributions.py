"""What each text contributes to a score: the score is the mean of its contributions, for macro scores too.

Accuracy is such a mean as it stands. A macro score is a smooth function of the confusion counts; its contributions are
the score plus each text's influence on it (the infinitesimal jackknife: Efron, *The Jackknife, the Bootstrap and Other
Resampling Plans*, 1982), so that every statistic of means holds for it, to first order in 1 / n.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.metrics import AnyMetric

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def contributions(labels: Labels, predicted: npt.NDArray[Any], n_labels: int, metric: AnyMetric) -> Floats:
    """Float64 [n] for `labels` and `predicted` labels, integers [n]; a label that the texts lack scores 0.

    Where a text may have several labels both are 0 or 1, [n, n_labels].
    """
    if labels.ndim == 2:
        return _of_sets(labels, predicted, metric)
    if metric == "accuracy":
        return np.asarray(predicted == labels, np.float64)
    cells = labels * n_labels + predicted
    confusion = np.bincount(cells, minlength=n_labels**2).reshape(n_labels, n_labels) / len(labels)
    return np.asarray(_table(confusion, metric).ravel()[cells])


def of_runs(labels: Labels, runs: Sequence[npt.NDArray[Any]], n_labels: int, metric: AnyMetric) -> Floats:
    """Of several runs on the same texts, float64 [runs, n]."""
    return np.stack([contributions(labels, predicted, n_labels, metric) for predicted in runs])


def _table(confusion: Floats, metric: AnyMetric) -> Floats:
    """The contribution of a text by its true and its predicted label [k, k], from shares of all texts [k, k]."""
    k = len(confusion)
    right, support, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    if metric == "macro_recall":
        scores = _ratio(right, support)
        influence = (np.eye(k) - scores[:, None]) * _ratio(np.ones(k), support)[:, None]
    else:
        both = support + predicted
        scores, weight = _ratio(2 * right, both), _ratio(np.ones(k), both)
        influence = np.diag(2 * weight) - (scores * weight)[:, None] - (scores * weight)[None, :]
    return np.asarray(scores.mean() + influence / k)


def _of_sets(labels: Labels, predicted: Labels, metric: AnyMetric) -> Floats:
    """Each label's score is 2 found / both, or found / true: a text moves it by what it adds to these shares."""
    if metric == "accuracy":
        return np.asarray((labels == predicted).all(axis=1), np.float64)
    above = 2.0 * (labels & predicted)
    below = np.asarray(labels + predicted, np.float64)
    if metric == "macro_recall":
        above, below = above / 2, labels.astype(np.float64)
    if metric == "micro_f1":
        above, below = above.sum(axis=1, keepdims=True), below.sum(axis=1, keepdims=True)
    shares = below.mean(axis=0)
    scores = _ratio(above.mean(axis=0), shares)
    influence = (above - scores * below) * _ratio(np.ones(len(shares)), shares)
    return np.asarray(scores.mean() + influence.mean(axis=1))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
