"""Scores against scikit-learn and scipy, intervals, and every kind of bad input."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from bench.class_weights import class_weights
from bench.errors import BenchError
from bench.measure.quality import SEED, check_probabilities, epoch_scores, score, terms_of, validation_scores

NAMES = ("anger", "joy", "love", "fear")


def drawn(n: int, k: int = 4, seed: int = 0, sharpness: float = 2.0) -> tuple[Any, Any]:
    """Labels and probabilities that are right more often than not."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, k, n)
    logits = random.normal(size=(n, k)) + sharpness * np.eye(k)[labels]
    p = np.exp(logits)
    return labels, (p / p.sum(axis=1, keepdims=True)).astype(np.float32)


def naive_ece(labels: Any, p: Any, bins: int = 15) -> float:
    confidence, right = p.max(axis=1).astype(float), p.argmax(axis=1) == labels
    total = 0.0
    for low in range(bins):
        inside = (confidence > low / bins) & (confidence <= (low + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return total


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it() -> None:
    """As in Guo et al. 2017. In float32, as predictions are, no confidence lies on an edge but 1."""
    edges = np.arange(1, 16) / 15
    p: Any = np.column_stack([edges, np.zeros((15, 15))])
    assert terms_of(np.zeros(15, np.int64), p).bin.tolist() == list(range(15))
    certain = np.array([[1.0, 0.0], [0.95, 0.05]], np.float32)  # one bin holds both: an error and a hit
    assert score(np.array([1, 0]), certain, NAMES[:2], n_bootstrap=2).ece.value == pytest.approx(0.95 / 2)


@pytest.mark.parametrize(("n", "k"), [(1, 2), (37, 4), (2000, 2), (2000, 4)])
def test_point_values_are_those_of_sklearn(n: int, k: int) -> None:
    labels, p = drawn(n, k)
    predicted, each = p.argmax(axis=1), list(range(k))
    quality = score(labels, p, NAMES[:k], n_bootstrap=10)
    double = p.astype(float) / p.astype(float).sum(axis=1, keepdims=True)
    given_labels: Any = {"labels": each, "average": "macro", "zero_division": 0}
    assert quality.accuracy.value == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert quality.macro_f1.value == pytest.approx(metrics.f1_score(labels, predicted, **given_labels))
    assert quality.macro_recall.value == pytest.approx(metrics.recall_score(labels, predicted, **given_labels))
    assert quality.log_loss.value == pytest.approx(metrics.log_loss(labels, double, labels=each), abs=1e-6)
    assert quality.brier.value == pytest.approx(((p - np.eye(k)[labels]) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert quality.ece.value == pytest.approx(naive_ece(labels, p), abs=1e-12)
    assert quality.confusion == metrics.confusion_matrix(labels, predicted, labels=each).tolist()
    assert quality.n == n
    assert [c.label for c in quality.per_class] == list(NAMES[:k])
    assert sum(c.support for c in quality.per_class) == n


def test_labels_absent_from_the_test_count_as_zero() -> None:
    labels = np.array([0, 0, 1, 1])
    p = np.eye(4, dtype=np.float32)[[0, 0, 1, 1]]
    quality = score(labels, p, NAMES, n_bootstrap=20)
    assert quality.accuracy.value == 1.0
    assert quality.macro_f1.value == quality.macro_recall.value == 0.5
    assert [(c.f1, c.support) for c in quality.per_class] == [(1.0, 2), (1.0, 2), (0.0, 0), (0.0, 0)]


def test_log_loss_is_clipped_at_one_in_ten_million() -> None:
    quality = score(np.array([1]), np.array([[1.0, 0.0]], np.float32), NAMES[:2], n_bootstrap=2)
    assert quality.log_loss.value == pytest.approx(-np.log(1e-7))
    assert quality.brier.value == pytest.approx(2.0)


def test_intervals_are_those_of_scipy() -> None:
    labels, p = drawn(300, sharpness=1.0)
    predicted = p.argmax(axis=1)
    quality = score(labels, p, NAMES, n_bootstrap=4000)
    statistics: dict[str, Any] = {
        "accuracy": lambda i: (predicted[i] == labels[i]).mean(),
        "macro_f1": lambda i: metrics.f1_score(labels[i], predicted[i], average="macro", labels=range(4)),
        "log_loss": lambda i: -np.log(p[i, labels[i]]).mean(),
        "ece": lambda i: naive_ece(labels[i], p[i]),
    }
    for name, statistic in statistics.items():
        theirs = scipy.stats.bootstrap(
            (np.arange(300),), statistic, vectorized=False, n_resamples=1500, method="percentile", rng=7
        ).confidence_interval
        ours = getattr(quality, name)
        width = float(theirs.high - theirs.low)
        assert ours.low == pytest.approx(float(theirs.low), abs=0.12 * width), name
        assert ours.high == pytest.approx(float(theirs.high), abs=0.12 * width), name


def test_interval_of_accuracy_is_as_wide_as_its_standard_error_says() -> None:
    labels, p = drawn(3000)
    accuracy = score(labels, p, NAMES, n_bootstrap=4000).accuracy
    error = np.sqrt(accuracy.value * (1 - accuracy.value) / 3000)
    assert accuracy.high - accuracy.low == pytest.approx(2 * 1.96 * error, rel=0.06)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        right = random.random(400) < 0.8
        p = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9]).astype(np.float32)
        interval = score(np.zeros(400, np.int64), p, NAMES[:2], n_bootstrap=200).accuracy
        covered += interval.low <= 0.8 <= interval.high
    assert 178 <= covered <= 199


@pytest.mark.parametrize("wrong", [0, 9])
def test_a_resample_takes_any_text_any_number_of_times(wrong: int) -> None:
    """One error in ten texts: how often it is drawn is binomial, 0 to 3 times in 95 %."""
    accuracy = score((np.arange(10) == wrong).astype(int), np.eye(2, dtype=np.float32)[[0] * 10], NAMES[:2]).accuracy
    assert (accuracy.value, accuracy.low, accuracy.high) == pytest.approx((0.9, 0.7, 1.0))


def test_the_interval_holds_95_percent_of_the_resamples() -> None:
    """Each of them drawn again, text by text, from the seed that published intervals rest on."""
    labels, p = drawn(500)
    random, accuracies = np.random.default_rng(SEED), []
    for _ in range(200):
        texts = random.integers(0, 500, 500, dtype=np.int32)
        accuracies.append((p.argmax(axis=1) == labels)[texts].mean())
    accuracy = score(labels, p, NAMES, n_bootstrap=200).accuracy
    assert [accuracy.low, accuracy.high] == pytest.approx(np.percentile(accuracies, [2.5, 97.5]))


def test_same_predictions_give_the_same_scores() -> None:
    labels, p = drawn(500)
    assert score(labels, p, NAMES) == score(labels.copy(), p.copy(), NAMES)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_point_values_do_not_depend_on_the_order_of_texts(seed: int, n: int) -> None:
    labels, p = drawn(n, seed=seed)
    order = np.random.default_rng(seed).permutation(n)
    one, other = validation_scores(labels, p, NAMES), validation_scores(labels[order], p[order], NAMES)
    for name in ("accuracy", "macro_f1", "macro_recall", "log_loss"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-12)


def test_validation_scores_are_the_points_of_score() -> None:
    labels, p = drawn(800)
    quality, validation = score(labels, p, NAMES, n_bootstrap=5), validation_scores(labels, p, NAMES)
    for name in ("accuracy", "macro_f1", "macro_recall", "log_loss"):
        assert getattr(validation, name) == getattr(quality, name).value
    assert validation.n == 800


def test_memory_does_not_grow_with_the_number_of_resamples() -> None:
    labels, p = drawn(100_000, 3)
    score(labels[:10], p[:10], NAMES[:3], n_bootstrap=2)  # imports are not counted
    tracemalloc.start()
    score(labels, p, NAMES[:3], n_bootstrap=30)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6  # 30 resamples of 100,000 indices at once would be 24 MB more than what one needs


def rows(*values: list[float]) -> Any:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ([[0.5, 0.5], [0.5, 0.5]], "returned list; it must return a numpy array"),
        (rows([0.5, 0.5]), r"shape \(1, 2\) for 2 texts and 2 labels"),
        (rows([0.5, 0.25, 0.25], [0.5, 0.25, 0.25]), r"shape \(2, 3\) for 2 texts"),
        (np.array([0.5, 0.5], np.float32), r"shape \(2,\)"),
        (np.array([[1, 0], [0, 1]]), "dtype int64"),
        (rows([0.5, 0.5], [np.nan, 0.5]), "NaN or infinity for 1 of 2 texts"),
        (rows([0.5, 0.5], [np.inf, 0.5]), "NaN or infinity for 1 of 2 texts"),
        (rows([2.0, -1.0], [0.5, 0.5]), "from -1 to 2; .*softmax"),
        (rows([0.5, 0.5], [0.9, 0.2]), "do not sum to 1, 1 of 2, the worst to 1.1"),
        (rows([0.5, 0.5], [0.0, 0.0]), "do not sum to 1"),
    ],
)
def test_what_is_no_probability_is_refused_by_name(returned: Any, said: str) -> None:
    with pytest.raises(BenchError, match=f"predict_proba returned .*{said}|predict_proba {said}"):
        score(np.array([0, 1]), returned, NAMES[:2])
    with pytest.raises(BenchError, match="predict_proba"):
        check_probabilities(returned, 2, 2)


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        (np.array([0, 2]), NAMES[:2], "labels run from 0 to 2"),
        (np.array([-1, 1]), NAMES[:2], "labels run from -1 to 1"),
        (np.array([0.0, 1.0]), NAMES[:2], "labels must be integers"),
        (np.array([], np.int64), NAMES[:2], "n > 0"),
        (np.array([0, 0]), NAMES[:1], "at least 2 labels"),
    ],
)
def test_labels_that_cannot_be_scored_are_refused(labels: Any, names: Any, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        score(labels, rows([0.5, 0.5], [0.5, 0.5]), names)


def test_rounding_of_half_precision_is_accepted() -> None:
    p = np.array([[0.3335, 0.3333, 0.3333]], np.float16)
    assert score(np.array([0]), p, NAMES[:3], n_bootstrap=2).accuracy.value == 1.0


def test_an_epoch_is_scored_as_scikit_learn_does_with_every_label_counted() -> None:
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(50, 5)).astype(np.float32), random.integers(0, 3, 50)
    logits[:, 4] = -9.0  # a label that is neither there nor predicted scores 0, as in the results
    chosen, exps, every = logits.argmax(1), np.exp(logits.astype(np.float64)), range(5)
    found = epoch_scores(logits, labels)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, chosen))
    for name, score_of in (("macro_f1", metrics.f1_score), ("macro_recall", metrics.recall_score)):
        assert found[name] == pytest.approx(score_of(labels, chosen, labels=every, average="macro", zero_division=0))
    loss = metrics.log_loss(labels, exps / exps.sum(1, keepdims=True), labels=every)
    assert found["loss"] == pytest.approx(loss, abs=1e-6)


def test_class_weights_are_scikit_learns_and_bear_a_label_without_texts() -> None:
    labels = np.array([0, 0, 0, 2])
    assert class_weights(labels, 4, "balanced").tolist() == pytest.approx([4 / 6, 1, 2, 1])
    assert class_weights(labels, 4, "none") is None
    with pytest.raises(BenchError, match="did you mean 'balanced'"):
        class_weights(labels, 4, "balance")
