"""Two models on the same test texts: the difference of their scores, its interval, and who errs where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from bench.contract import Probabilities
from bench.measure.quality import SEED, Floats, Labels, scores_of, terms_of
from bench.schema import Interval

METRICS = ("accuracy", "macro_f1", "macro_recall")


@dataclass(frozen=True)
class SeedPair:
    """One training of each model."""

    corrections: int
    """Texts that the first model has wrong and the second right."""
    regressions: int
    """Texts that the first model has right and the second wrong."""
    p: float
    """Of McNemar's exact test, two-sided, corrected after Holm over the pairs."""


@dataclass(frozen=True)
class Paired:
    """The second model against the first."""

    first: dict[str, float]
    """Scores, means over seeds."""
    second: dict[str, float]
    difference: dict[str, Interval]
    """Second less first, with the 95 % interval of a paired bootstrap over texts and seeds."""
    pairs: tuple[SeedPair, ...]

    def verdict(self, metric: str) -> str:
        """`better`, `worse` or `equal`: whether the interval leaves zero out."""
        interval = self.difference[metric]
        return "better" if interval.low > 0 else "worse" if interval.high < 0 else "equal"


def compare_paired(
    labels: Labels, first: Sequence[Probabilities], second: Sequence[Probabilities], n_bootstrap: int = 2000
) -> Paired:
    """Compare predictions float32 [n, k] of two models, one array a seed, paired by place, against `labels` int64 [n].

    A resample draws texts, the same for all, and pairs of seeds (a two-level bootstrap: Davison and Hinkley, 1997);
    with one seed the interval knows of the texts alone.
    """
    n = len(labels)
    whole = (np.ones(n), list(range(len(first))))
    random = np.random.default_rng(SEED)
    draws = (
        (
            np.bincount(random.integers(0, n, n, dtype=np.int32), minlength=n).astype(np.float64),
            random.integers(0, len(first), len(first)).tolist(),
        )
        for _ in range(n_bootstrap)
    )
    scores = _scores(labels, first, second, chain([whole], draws))
    intervals: dict[str, Interval] = {}
    for name in METRICS:
        of_all, *resampled = scores[name][:, 1] - scores[name][:, 0]
        low, high = np.percentile(resampled, [2.5, 97.5])
        intervals[name] = Interval(value=float(of_all), low=float(low), high=float(high))
    return Paired(
        first={name: float(scores[name][0, 0]) for name in METRICS},
        second={name: float(scores[name][0, 1]) for name in METRICS},
        difference=intervals,
        pairs=_seed_pairs(labels, first, second),
    )


def _scores(
    labels: Labels,
    first: Sequence[Probabilities],
    second: Sequence[Probabilities],
    draws: Iterable[tuple[Floats, list[int]]],
) -> dict[str, Floats]:
    """Scores of both models [draws, 2], means over the seeds of each draw: how often each text counts, and seeds."""
    n, k = first[0].shape
    terms = [[terms_of(labels, probabilities) for probabilities in model] for model in (first, second)]
    sums = []
    for weights, seeds in draws:
        for model in terms:
            of_seed = {seed: model[seed].sums(weights) for seed in set(seeds)}
            sums.append([of_seed[seed] for seed in seeds])
    stacked = np.array(sums)
    scores = scores_of(stacked.reshape(-1, stacked.shape[-1]), k, n)
    return {name: scores[name].reshape(-1, 2, len(first)).mean(axis=2) for name in METRICS}


def _seed_pairs(
    labels: Labels, first: Sequence[Probabilities], second: Sequence[Probabilities]
) -> tuple[SeedPair, ...]:
    from scipy.stats import binomtest

    counts = []
    for a, b in zip(first, second, strict=True):
        right_a, right_b = a.argmax(axis=1) == labels, b.argmax(axis=1) == labels
        counts.append((int((~right_a & right_b).sum()), int((right_a & ~right_b).sum())))
    values = [float(binomtest(fixed, fixed + lost).pvalue) if fixed + lost else 1.0 for fixed, lost in counts]
    return tuple(SeedPair(*count, p) for count, p in zip(counts, holm(values), strict=True))


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for being several, step down (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    times = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values)[order] * times))
    found = np.empty(len(p_values))
    found[order] = corrected
    return [float(p) for p in found]
