"""Scores, differences, flips and families against scipy, scikit-learn and, as recorded, statsmodels 0.15.0."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp, ttest_rel
from sklearn.metrics import f1_score, recall_score

from bench.metrics import Metric
from bench.stats.contributions import contributions
from bench.stats.crossed import Sample, difference, mean
from bench.stats.families import holm, level_of_pairs
from bench.stats.flips import flips
from bench.stats.ranks import average_ranks
from bench.stats.seeds import SeedVariance, borrowed, moderated, pooled, prior

FIRST = np.array([1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1], float)
SECOND = np.array([1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0], float)


@pytest.mark.parametrize("metric", ["macro_f1", "macro_recall"])
def test_contributions_average_to_the_score_and_vary_as_it_does(metric: Metric) -> None:
    random = np.random.default_rng(0)
    labels = random.choice(3, 3000, p=[0.6, 0.3, 0.1])
    predicted = np.where(random.random(3000) < 0.3, random.integers(0, 3, 3000), labels)
    own = contributions(labels, predicted, 4, metric)  # a fourth label that no text has
    score = {"macro_f1": f1_score, "macro_recall": recall_score}[metric]
    expected = score(labels, predicted, average="macro", labels=range(4), zero_division=0)
    assert own.mean() == pytest.approx(expected)
    drawn = [random.integers(0, 3000, 3000) for _ in range(400)]
    resampled = [contributions(labels[d], predicted[d], 4, metric).mean() for d in drawn]
    assert own.std() / 3000**0.5 == pytest.approx(np.std(resampled), rel=0.12)


def test_single_runs_are_students_paired_test_and_two_one_sided_ones() -> None:
    found = difference(Sample(FIRST[None]), Sample(SECOND[None]), None, None)
    expected = ttest_rel(SECOND, FIRST)
    assert found.p_zero() == pytest.approx(expected.pvalue) and found.seeds == "none"
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.p_apart(0.3) == pytest.approx(0.020583612809098702)  # statsmodels: ttost_paired
    assert found.p_beyond(0.3) == pytest.approx(ttest_rel(SECOND, FIRST - 0.3, alternative="greater").pvalue)


def test_mean_squares_are_those_of_the_two_way_layout() -> None:
    rows = [[1, 1, 0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0, 1, 1]]
    sample = Sample(np.array(rows, float))
    variance = sample.variance
    assert variance and variance.df == 2
    # statsmodels: anova_lm of seeds + texts has mean squares of 1/6, 0.089286 and, residual, 0.214286.
    assert variance.total == pytest.approx(1 / 6 / 8) and variance.noise == pytest.approx(0.2142857 / 8)


def test_where_seeds_are_all_that_varies_the_test_is_that_of_their_scores() -> None:
    """What a seed gets right is drawn anew for every text: the texts' own term is nothing."""
    random = np.random.default_rng(5)
    values = (random.random((6, 4000)) < random.normal(0.7, 0.05, (6, 1))).astype(float)
    own = mean(Sample(values), Sample(values).variance)
    expected = ttest_1samp(values.mean(axis=1), 0.7)
    assert own.df == pytest.approx(5, rel=0.1)
    assert own.interval() == pytest.approx(tuple(expected.confidence_interval(0.95)), rel=0.01)


def test_flips_and_mcnemar() -> None:
    single = flips(FIRST[None], SECOND[None], matched=False)
    fixed, lost = int(((1 - FIRST) * SECOND).sum()), int((FIRST * (1 - SECOND)).sum())
    assert (single.corrections, single.regressions) == (fixed, lost)
    assert single.p_mcnemar() == pytest.approx(binomtest(fixed, fixed + lost).pvalue)
    twelve = flips(np.repeat([1.0, 0.0], [12, 3])[None], np.repeat([0.0, 1.0], [12, 3])[None], matched=True)
    assert twelve.p_mcnemar() == pytest.approx(0.03515625)  # statsmodels: mcnemar([[·, 3], [12, ·]], exact=True)
    assert flips(FIRST[None], FIRST[None], matched=True).p_mcnemar() == 1
    two = np.stack([FIRST, SECOND])
    assert flips(two, two, matched=True).corrections == 0
    assert flips(two, two, matched=False).corrections == pytest.approx((fixed + lost) / 4)


def test_holm_is_the_step_down_correction() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005, 0.2]) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.2])  # statsmodels
    assert holm([0.5, 0.9]) == [1.0, 1.0] and holm([]) == []


def test_the_level_of_all_pairs_is_tukeys_for_independent_models_and_none_for_copies() -> None:
    from scipy.stats import norm, studentized_range

    for models in (2, 5, 20):
        tukey = float(studentized_range.isf(0.05, models, np.inf)) / 2**0.5
        assert norm.isf(level_of_pairs(np.eye(models)) / 2) == pytest.approx(tukey, rel=0.02)
    pairs = np.kron(np.eye(2), np.ones((10, 10)))  # ten copies of each of two models
    assert level_of_pairs(pairs) == pytest.approx(0.05, rel=0.1)
    assert level_of_pairs(np.ones((3, 3))) == level_of_pairs(np.eye(1)) == 0.05


def test_average_ranks_are_friedmans_and_nemenyis() -> None:
    scores = np.array([[0.93, 0.90, 0.89, 0.35], [0.80, 0.77, 0.56, 0.25], [0.91, 0.90, 0.88, 0.50],
                       [0.62, 0.61, 0.60, 0.48], [0.77, 0.76, 0.70, 0.40]])  # fmt: skip
    found = average_ranks(scores)
    assert found.ranks == (1, 2, 3, 4) and found.datasets == 5 and found.p == pytest.approx(0.0018166489)
    assert found.critical_difference == pytest.approx(2.569032073 * (4 * 5 / 30) ** 0.5)  # Demšar's table 5
    assert average_ranks(np.ones((3, 3))).p == 1


def test_alike_variances_are_shared_and_unlike_ones_kept() -> None:
    random = np.random.default_rng(1)
    alike = [SeedVariance(float(4.0 * random.chisquare(2) / 2), 1.0, 2) for _ in range(40)]
    common = prior(alike)
    assert common and common.total == pytest.approx(4, rel=0.35) and common.df > 20
    scales = 10.0 ** random.uniform(-3, 3, 40)
    unlike = prior([SeedVariance(float(s * random.chisquare(2) / 2), 0.0, 2) for s in scales])
    assert unlike and unlike.df < 1
    own = SeedVariance(100.0, 1.0, 2)
    assert 4 < moderated(own, common).total < 20 and moderated(own, unlike).total > 60
    assert moderated(own, None) == own and prior(alike[:2]) is None


def test_deterministic_models_lend_their_certainty_to_their_like_alone() -> None:
    same = Sample(np.stack([FIRST, FIRST, FIRST]) / 7 + 0.1).variance
    assert same and same.deterministic and np.isinf(same.df) and moderated(same, SeedVariance(1.0, 1.0, 9)) == same
    lent = borrowed([same], SeedVariance(1.0, 1.0, 9))
    assert lent and lent.deterministic and lent.source == "borrowed"
    assert borrowed([], None) is None and borrowed([], same) == lent
    assert pooled([SeedVariance(1.0, 0.0, 2), SeedVariance(4.0, 0.0, 1)]) == SeedVariance(2.0, 0.0, 3)
    assert prior([same] * 5) is None


def test_models_that_predict_alike_are_not_known_to_always_do() -> None:
    found = difference(Sample(FIRST[None]), Sample(FIRST[None]), None, None)
    low, high = found.interval()
    assert found.value == 0 and found.p_zero() == 1 and -0.2 < low < -0.1 and 0.1 < high < 0.2
    assert found.p_apart(0.01) > 0.4
