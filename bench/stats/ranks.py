"""Models over several data sets, by their ranks (Demšar, JMLR 7, 2006)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.stats.contributions import Floats
from bench.stats.estimate import LEVEL


@dataclass(frozen=True)
class AverageRanks:
    """Of models on the same data sets."""

    ranks: tuple[float, ...]
    """Means over data sets, 1 for what is best on all; equal scores share their ranks."""
    datasets: int
    p: float
    """Friedman's, of all models being equal."""
    critical_difference: float
    """Nemenyi's: average ranks that are closer are not shown to differ."""


def average_ranks(scores: Floats, level: float = LEVEL) -> AverageRanks:
    """From scores [data sets, models], three models at least, more being better."""
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    datasets, models = scores.shape
    ranks = np.asarray(rankdata(-scores, axis=1)).mean(axis=0)
    alike = bool((scores == scores[:, :1]).all())
    p = 1.0 if alike else float(friedmanchisquare(*scores.T).pvalue)
    error = np.sqrt(models * (models + 1) / (6 * datasets))
    critical = float(studentized_range.isf(level, models, np.inf)) / np.sqrt(2) * error
    return AverageRanks(tuple(map(float, ranks)), datasets, p, float(critical))
