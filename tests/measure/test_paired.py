"""The paired comparison against what theory says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from bench.measure.paired import compare_paired, holm
from bench.measure.quality import SEED

N = 600


def one_hot(predicted: np.ndarray, k: int = 3) -> np.ndarray:
    return np.eye(k, dtype=np.float32)[predicted]


def erring(labels: np.ndarray, rate: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return one_hot(np.where(random.random(len(labels)) < rate, (labels + 1) % 3, labels))


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, N)


def test_a_model_does_not_differ_from_itself(labels: np.ndarray) -> None:
    runs = [erring(labels, 0.2, seed) for seed in range(3)]
    paired = compare_paired(labels, runs, runs, n_bootstrap=50)
    for interval in paired.difference.values():
        assert interval.value == interval.low == interval.high == 0
    assert paired.verdict("accuracy") == "equal"
    assert [(pair.corrections, pair.regressions, pair.p) for pair in paired.pairs] == [(0, 0, 1.0)] * 3


def test_counts_scores_and_p_are_those_of_the_texts_that_changed_sides(labels: np.ndarray) -> None:
    a, b = erring(labels, 0.3, 1), erring(labels, 0.2, 2)
    paired = compare_paired(labels, [a], [b])
    right_a, right_b = a.argmax(1) == labels, b.argmax(1) == labels
    corrections, regressions = int((~right_a & right_b).sum()), int((right_a & ~right_b).sum())
    (pair,) = paired.pairs
    assert (pair.corrections, pair.regressions) == (corrections, regressions)
    assert pair.p == pytest.approx(binomtest(corrections, corrections + regressions).pvalue)
    accuracy = paired.difference["accuracy"]
    assert accuracy.value == pytest.approx((corrections - regressions) / N) and paired.verdict("accuracy") == "better"
    assert paired.second["macro_f1"] == pytest.approx(f1_score(labels, b.argmax(1), average="macro"))
    # The normal interval of a difference of paired proportions.
    half = 1.96 * np.sqrt(corrections + regressions - (corrections - regressions) ** 2 / N) / N
    assert accuracy.high - accuracy.low == pytest.approx(2 * half, rel=0.08)


def test_seeds_that_disagree_widen_the_interval(labels: np.ndarray) -> None:
    base = [erring(labels, 0.2, seed) for seed in range(3)]
    steady = compare_paired(labels, base, [erring(labels, 0.15, 10 + s) for s in range(3)])
    shaky = compare_paired(labels, base, [erring(labels, rate, 20) for rate in (0.02, 0.15, 0.28)])
    width = [p.difference["accuracy"].high - p.difference["accuracy"].low for p in (steady, shaky)]
    assert width[1] > 2 * width[0]
    assert compare_paired(labels, base, [erring(labels, 0.5, 9)] * 3).verdict("accuracy") == "worse"


@pytest.mark.parametrize("changed", [0, 9])
def test_a_resample_takes_any_text_any_number_of_times(changed: int) -> None:
    """One text of ten makes the difference: how often it is drawn is binomial, 0 to 3 times in 95 %."""
    labels = np.zeros(10, np.int64)
    fallen = one_hot((np.arange(10) == changed).astype(np.int64))
    accuracy = compare_paired(labels, [one_hot(labels)], [fallen]).difference["accuracy"]
    assert (accuracy.value, accuracy.low, accuracy.high) == pytest.approx((-0.1, -0.3, 0.0))


@pytest.mark.parametrize("changed", [0, 1])
def test_a_resample_takes_any_seed_any_number_of_times(changed: int) -> None:
    labels = np.zeros(10, np.int64)
    seeds = [one_hot(labels + (seed == changed)) for seed in range(2)]
    accuracy = compare_paired(labels, [one_hot(labels)] * 2, seeds).difference["accuracy"]
    assert (accuracy.value, accuracy.low, accuracy.high) == pytest.approx((-0.5, -1.0, 0.0))


def test_the_interval_holds_95_percent_of_the_resamples(labels: np.ndarray) -> None:
    """Each of them drawn again, text by text, from the seed that published intervals rest on."""
    a, b = ([erring(labels, rate, seed) for seed in range(2)] for rate in (0.3, 0.2))
    random, differences = np.random.default_rng(SEED), []
    for _ in range(200):
        texts, seeds = random.integers(0, N, N, dtype=np.int32), random.integers(0, 2, 2)
        right = [np.mean([(model[s].argmax(1) == labels)[texts].mean() for s in seeds]) for model in (a, b)]
        differences.append(right[1] - right[0])
    accuracy = compare_paired(labels, a, b, n_bootstrap=200).difference["accuracy"]
    assert [accuracy.low, accuracy.high] == pytest.approx(np.percentile(differences, [2.5, 97.5]))


def test_holm_is_the_step_down_correction() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
