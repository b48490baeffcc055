"""How much a score differs from one training to another, and what other models tell of it where seeds are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

ENOUGH = 3
"""Models whose seeds show how alike spreads over seeds are."""


@dataclass(frozen=True)
class SeedVariance:
    """Of the score of one training, among trainings that differ in their seed and are scored on the same texts."""

    total: float
    noise: float
    """The part of `total` that comes of which texts a training happens to get right: text × seed."""
    df: float
    """Degrees of freedom of `total`; infinite where it is known."""
    source: Literal["own", "moderated", "borrowed"] = "own"
    """Whether other models than the one that it is used for have a part in it, or are all that it comes from."""

    @property
    def deterministic(self) -> bool:
        """Whether every seed trains the same model."""
        return self.noise == 0 and self.total == 0


DETERMINISTIC = SeedVariance(0.0, 0.0, float("inf"))
"""Of what is the same whatever the seed."""


def pooled(variances: Sequence[SeedVariance]) -> SeedVariance:
    """Of several models as one, weighted by their degrees of freedom."""
    weights = [1.0 if np.isinf(v.df) else v.df for v in variances]
    total = float(np.average([v.total for v in variances], weights=weights))
    noise = float(np.average([v.noise for v in variances], weights=weights))
    known = total == noise == 0
    return SeedVariance(total, noise, float("inf") if known else float(sum(weights)))


def prior(variances: Sequence[SeedVariance]) -> SeedVariance | None:
    """What the models here have in common: their mean variance, known the better the more alike they are.

    Empirical Bayes (Smyth, *Linear models and empirical Bayes methods for assessing differential expression*, 2004):
    degrees of freedom from how far the logarithms of the variances spread beyond what χ² has. The mean is that of all,
    which for unlike models is more than his. None for fewer than `ENOUGH` models that are not deterministic.
    """
    from scipy.special import digamma, polygamma

    drawn = [v for v in variances if not v.deterministic]
    if len(drawn) < ENOUGH:
        return None
    totals, df = np.array([v.total for v in drawn]), np.array([v.df for v in drawn])
    logs = np.log(np.maximum(totals, 1e-5 * np.median(totals) + 1e-300)) - digamma(df / 2) + np.log(df / 2)
    expected, fourth = polygamma(1, df / 2).mean(), polygamma(3, df / 2).mean()
    # Below zero it counts as zero, so that of models that are alike it would be 0.4 standard errors on average.
    excess = float(logs.var(ddof=1) - expected - 0.4 * ((fourth + 2 * expected**2) / len(drawn)) ** 0.5)
    together = pooled(drawn)
    return together if excess <= 0 else replace(together, df=min(2 * _inverse_trigamma(excess), together.df))


def moderated(own: SeedVariance, common: SeedVariance | None) -> SeedVariance:
    """A model's own variance drawn towards what is common to all, as far as each is known (Smyth, 2004)."""
    if common is None or own.deterministic or np.isinf(own.df):
        return own
    df = own.df + common.df
    total = (own.df * own.total + common.df * common.total) / df
    return replace(own, total=total, df=df, source="moderated")


def borrowed(like: Sequence[SeedVariance], common: SeedVariance | None) -> SeedVariance | None:
    """For a model of one seed: the variance of those `like` it, else what is common to all; None for nothing known."""
    found = moderated(pooled(like), common) if like else common
    return found and replace(found, source="borrowed")


def _inverse_trigamma(value: float) -> float:
    from scipy.optimize import brentq
    from scipy.special import polygamma

    return float(np.exp(brentq(lambda x: float(polygamma(1, np.exp(x))) - value, -30, 30)))
