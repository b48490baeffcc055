"""Several tests that one statement rests on, corrected together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.stats.contributions import Floats
from bench.stats.estimate import LEVEL

DRAWS = 20_000
SEED = 20_260_101


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for being several, step down (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    times = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values)[order] * times))
    found = np.empty(len(p_values))
    found[order] = corrected
    return [float(p) for p in found]


def level_of_pairs(covariance: Floats, level: float = LEVEL) -> float:
    """The level at which each of all pairs of estimates may be tested, so that one false call in any has `level`.

    All pairs, not those with the best alone: the best is chosen by the same data, and is the luckiest of its equals.
    From the largest |difference| / error of all pairs (max-t: Hothorn, Bretz and Westfall, 2008), drawn from normal
    estimates with that `covariance` [models, models]. Models that err alike count as little more than one, which is
    what Bonferroni's correction misses.
    """
    from scipy.stats import norm

    models = len(covariance)
    random = np.random.default_rng(SEED)
    zero = np.zeros(models)
    draws = random.multivariate_normal(zero, covariance, DRAWS, check_valid="ignore", method="eigh").T.copy()
    variances, largest = covariance.diagonal(), np.zeros(DRAWS)
    for i in range(models - 1):
        of_pair = variances[i] + variances[i + 1 :] - 2 * covariance[i, i + 1 :]
        for j in np.flatnonzero(of_pair > 1e-9 * (variances[i] + variances[i + 1 :])):
            np.maximum(largest, np.abs(draws[i] - draws[i + 1 + j]) / of_pair[j] ** 0.5, out=largest)
    if not largest.any():
        return level
    return min(level, 2 * float(norm.sf(np.quantile(largest, 1 - level))))
