"""The interval over rounds covers what it says, and one artifact against itself is rarely called different."""

from __future__ import annotations

import numpy as np
import pytest

from bench.stats.rounds import drift, is_steady, median_interval, ratio, spread
from tests.conftest import ROOT


@pytest.mark.parametrize("n", [1, 2, 5, 6, 9, 10, 11, 12, 20, 35])
def test_the_interval_is_that_of_scipys_quantile_test(n: int) -> None:
    from scipy.stats import quantile_test

    values = np.random.default_rng(n).lognormal(size=n)
    found, expected = median_interval(values.tolist()), quantile_test(values, p=0.5).confidence_interval(0.95)
    assert found.value == pytest.approx(np.median(values))
    assert (found.low, found.high) == ((None, None) if n < 6 else tuple(expected))


def clean(random: np.random.Generator) -> float:
    return float(random.normal(0, 0.03))


def skewed(random: np.random.Generator) -> float:
    return float(random.exponential(0.1))


def disturbed(random: np.random.Generator) -> float:
    """One round in five beside a neighbour, up to twice as slow."""
    return clean(random) + (float(random.uniform(0.1, 0.7)) if random.random() < 0.2 else 0.0)


@pytest.mark.parametrize("noise", [clean, skewed, disturbed])
def test_ten_rounds_cover_the_median_of_all_rounds(noise: object) -> None:
    assert callable(noise)
    random, tries = np.random.default_rng(0), 2000
    truth = np.median(np.exp([noise(random) for _ in range(50_000)]))
    covered = 0
    for _ in range(tries):
        found = median_interval(np.exp([noise(random) for _ in range(10)]).tolist())
        assert found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.965 <= covered / tries <= 0.99, "by the sign test 97.9 %"


@pytest.mark.parametrize("noise", [clean, skewed, disturbed])
def test_one_artifact_twice_is_rarely_called_different(noise: object) -> None:
    """Whatever slows a whole round down, both of it."""
    assert callable(noise)
    random, tries = np.random.default_rng(1), 2000
    different = 0
    for _ in range(tries):
        shared = np.cumsum(random.normal(0, 0.1, 10))
        first, second = (np.exp(shared + [noise(random) for _ in range(10)]).tolist() for _ in range(2))
        found = ratio(first, second)
        assert found.low is not None and found.high is not None
        different += not found.low <= 1 <= found.high
    assert different / tries <= 0.035


def test_a_true_ratio_is_found_where_each_alone_drifts() -> None:
    slowing = np.linspace(1, 2, 10)
    found = ratio((3 * slowing).tolist(), slowing.tolist())
    assert tuple(found) == pytest.approx((3, 3, 3))
    assert is_steady(slowing.tolist()) is False


def test_steadiness_is_of_scatter_and_of_drift() -> None:
    even = [1.0, 1.01, 0.99, 1.02, 1.0, 0.98, 1.01, 1.0, 0.99, 1.0]
    assert is_steady(even) is True
    assert is_steady([*even[:9], 3.0]) is True, "one bad round of ten is what medians are for"
    assert is_steady([1.0, 1.3] * 5) is False and spread([1.0, 1.3] * 5) > 0.1
    assert is_steady([*even[:5], *(1.15 * x for x in even[5:])]) is False
    assert drift([*even[:5], *(1.15 * x for x in even[5:])]) == pytest.approx(0.15, abs=0.03)
    assert is_steady(even[:3]) is None


def test_of_200_tries_on_published_samples_at_most_5_percent_call_one_artifact_different() -> None:
    """Rounds of both copies are stretches of real calls of one process, with all their bursts and drifts."""
    random, verdicts = np.random.default_rng(2), []
    for path in sorted((ROOT / "reports" / "results").glob("*/samples.npz")):
        with np.load(path) as file:
            ns, number = file["single_stream_t2_ns"], file["single_stream_t2_round"]
        calls = [part for part in (ns[number == n] for n in range(3)) if len(part) > 60]
        for _ in range(3 if calls else 0):
            copies: tuple[list[float], list[float]] = ([], [])
            for taken in (calls[n] for n in random.integers(0, len(calls), 10)):
                for copy in copies:
                    start = random.integers(0, len(taken) - 40)
                    copy.append(float(np.median(taken[start : start + 40])))
            found = ratio(*copies)
            verdicts.append(found.low is None or found.high is None or not found.low <= 1 <= found.high)
    assert len(verdicts) >= 200 and np.mean(verdicts) <= 0.05
