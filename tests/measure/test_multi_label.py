"""Texts of several labels: scores against scikit-learn, thresholds fitted on validation, contributions of each text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from bench.errors import BenchError
from bench.measure.multi_label import SetTerms
from bench.measure.quality import resamples, score, validation_scores
from bench.metrics import MULTI_LABEL_METRICS, AnyMetric
from bench.stats.contributions import contributions
from bench.thresholds import fit_thresholds, predicted_labels

NAMES = ("anger", "fear", "joy")
THRESHOLDS = (0.5, 0.4, 0.6)
BY_SKLEARN: dict[AnyMetric, Callable[[Any, Any], float]] = {
    "accuracy": metrics.accuracy_score,
    "macro_f1": lambda true, said: metrics.f1_score(true, said, average="macro", zero_division=0),
    "macro_recall": lambda true, said: metrics.recall_score(true, said, average="macro", zero_division=0),
    "micro_f1": lambda true, said: metrics.f1_score(true, said, average="micro"),
}


def drawn(n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = (random.random((n, 3)) < (0.5, 0.3, 0.1)).astype(np.int64)
    return labels, (0.3 * labels + 0.7 * random.random((n, 3))).astype(np.float32)


def test_scores_are_those_of_scikit_learn() -> None:
    labels, said = drawn()
    predicted = (said >= THRESHOLDS).astype(int)
    found = score(labels, said, NAMES, 200, THRESHOLDS)
    assert found.multi_label is not None and found.confusion == [] and found.n == 300
    due = {name: of(labels, predicted) for name, of in BY_SKLEARN.items()}
    due["log_loss"] = np.mean([metrics.log_loss(labels[:, k], said[:, k].astype(float)) for k in range(3)])
    scores = {**dict(found), "micro_f1": found.multi_label.micro_f1}
    for name, value in due.items():
        assert scores[name].value == pytest.approx(value, abs=1e-6), name
        assert scores[name].low < value < scores[name].high
    assert found.multi_label.hamming_loss.value == pytest.approx(metrics.hamming_loss(labels, predicted))
    assert [label.f1 for label in found.per_class] == pytest.approx(metrics.f1_score(labels, predicted, average=None))
    assert [label.support for label in found.per_class] == labels.sum(axis=0).tolist()
    held = validation_scores(labels, said, NAMES, THRESHOLDS)
    assert (held.accuracy, held.macro_f1) == (found.accuracy.value, found.macro_f1.value)


def test_what_cannot_be_scored_is_told() -> None:
    labels, said = drawn(10)
    with pytest.raises(BenchError, match="3 labels need a threshold each"):
        score(labels, said, NAMES, 10)
    with pytest.raises(BenchError, match="must be 0 or 1"):
        score(labels * 2, said, NAMES, 10, THRESHOLDS)


def test_a_threshold_gives_its_label_the_best_f1() -> None:
    labels, said = drawn()
    for true, of_label, threshold in zip(labels.T, said.T, fit_thresholds(labels, said), strict=True):
        predicted = of_label[:, None] >= np.array([threshold, *of_label])
        scores = 2 * (true @ predicted) / (true.sum() + predicted.sum(axis=0))
        assert scores[0] == pytest.approx(scores.max())


def test_thresholds_where_little_is_known() -> None:
    labels = np.array([[0, 1, 1], [0, 1, 0], [0, 0, 0]])
    said = np.array([[0.9, 0.3, 0.2], [0.8, 0.3, 0.2], [0.1, 0.1, 0.2]], np.float32)
    assert fit_thresholds(labels, said) == pytest.approx([0.5, 0.2, 0.1])
    assert fit_thresholds(labels, np.zeros((3, 3), np.float32)) == [0.5, 0.5, 0.5]
    assert predicted_labels(said, (0.5, 0.3, 0.5)).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert predicted_labels(said, None).tolist() == [0, 0, 2]


@pytest.mark.parametrize("metric", MULTI_LABEL_METRICS)
def test_contributions_have_the_score_as_their_mean_and_the_spread_of_resamples(metric: AnyMetric) -> None:
    labels, said = drawn(400)
    predicted = predicted_labels(said, THRESHOLDS)
    each = contributions(labels, predicted, 3, metric)
    assert each.mean() == pytest.approx(BY_SKLEARN[metric](labels, predicted))
    terms = SetTerms(labels, predicted, said.astype(np.float64))
    resampled = np.concatenate([terms.scores(terms.sums(block))[metric] for block in resamples(400, 500)])
    assert each.std() / 20 == pytest.approx(resampled.std(), rel=0.15)
