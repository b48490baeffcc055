"""The joint bootstrap: as wide as the intervals, and honest about copies and certainty."""

from __future__ import annotations

import numpy as np
import pytest

from bench.stats.crossed import Sample, mean
from bench.stats.resampling import (
    resampled_medians,
    resampled_percentile,
    resampled_rounds,
    resampled_scores,
    share_of_best,
    undominated,
)


def test_draws_are_as_wide_as_the_standard_error() -> None:
    random = np.random.default_rng(0)
    sample = Sample((random.random((5, 1500)) < random.normal(0.8, 0.03, (5, 1))).astype(float))
    variance = sample.variance
    assert variance
    apart = ((variance.total - variance.noise) / sample.seeds) ** 0.5
    (drawn,) = resampled_scores(sample.texts[None], [apart], ["one"], 4000)
    assert drawn.mean() == pytest.approx(sample.score, abs=0.001)
    assert drawn.std() == pytest.approx(mean(sample, variance).error, rel=0.08)


def test_models_share_their_texts_and_those_of_one_training_its_chance() -> None:
    random = np.random.default_rng(1)
    texts = (random.random((2, 800)) < 0.8).astype(float)
    texts[1, 50:] = texts[0, 50:]
    same = resampled_scores(texts, [0.03, 0.03], ["one", "one"])
    other = resampled_scores(texts, [0.03, 0.03], ["one", "two"])
    assert (same[0] - same[1]).std() < 0.02 < 0.03 < (other[0] - other[1]).std()


def test_probabilities_of_being_the_best_add_to_one_and_equals_share_them() -> None:
    scores = np.array([[0.9, 0.8, 0.7], [0.9, 0.7, 0.8], [0.1, 0.1, 0.9]])
    assert share_of_best(scores) == pytest.approx([0.5, 1 / 6, 1 / 3])
    assert share_of_best(np.full((2, 4), -np.inf)) == pytest.approx([0, 0])


def test_nobody_dominates_by_less_than_the_noise_floor() -> None:
    scores = np.array([[0.9, 0.9], [0.9, 0.8]])
    times = np.array([[1.00, 1.0], [0.95, 0.5]])
    assert list(undominated(0, scores, [times], [0.1])) == [True, True]
    assert list(undominated(0, scores, [times], [0.0])) == [False, True]
    assert list(undominated(1, scores, [times], [0.0])) == [True, True]
    assert list(undominated(1, scores, [times * 0 + 1], [0.0])) == [True, False]


def test_percentiles_of_drawn_rounds_are_those_of_their_calls() -> None:
    random = np.random.default_rng(2)
    rounds = np.repeat(np.arange(10), 60)
    calls = random.gamma(5, 1.0, 600) * (1 + rounds / 10)
    drawn = resampled_rounds(10, 50)
    found = resampled_percentile(calls, rounds, 0.95, drawn)
    for picked, value in zip(drawn, found, strict=True):
        pooled = np.concatenate([calls[rounds == number] for number in picked])
        assert value == np.quantile(pooled, 0.95, method="inverted_cdf")
    medians = resampled_medians([1.0] * 9 + [100.0], resampled_rounds(10))
    assert np.median(medians) == 1 and (medians == resampled_medians([1.0] * 9 + [100.0], resampled_rounds(10))).all()
