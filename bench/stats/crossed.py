"""Mean scores and their differences where every seed is scored on the same texts: texts and seeds are crossed.

Both are a sample, of the texts and of the trainings that there could be: a mean moves with either (crossed random
effects). The variance of a mean over n texts and S seeds is, from the mean squares of the two-way layout,

    (MS_text - MS_residual) / (n S)  +  MS_seed / (n S)

The second term is the variance of the seeds' scores over S, which has an exact χ² with S - 1 degrees of freedom, and
the first is known far better; so the sum has Satterthwaite's (1946). Nothing is counted twice: what a single training
happens to get right of a single text is in the scores of seeds already, and leaves the texts' term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.stats.contributions import Floats
from bench.stats.estimate import Estimate, Source
from bench.stats.seeds import SeedVariance

LEAST = 2.0
"""Least sum of squares over texts, as if two texts more had changed sides (after Bonett and Price, 2012): of two models
that predict alike on n texts it is not known that they always will."""


@dataclass(frozen=True)
class Sample:
    """A model: what each text contributes to the score of each seed, float64 [seeds, texts]."""

    values: Floats

    @cached_property
    def texts(self) -> Floats:
        """Means over seeds [texts]."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def seeds(self) -> int:
        """How many."""
        return len(self.values)

    @property
    def score(self) -> float:
        """Mean over texts and seeds."""
        return float(self.texts.mean())

    @cached_property
    def variance(self) -> SeedVariance | None:
        """Over seeds, as these seeds alone show it; None for one seed."""
        seeds, n = self.values.shape
        if seeds < 2:
            return None
        if (self.values == self.values[0]).all():
            return SeedVariance(0.0, 0.0, float("inf"))
        scores = self.values.mean(axis=1)
        rest = self.values - self.texts - (scores - scores.mean())[:, None]
        noise = float((rest**2).sum()) / ((seeds - 1) * max(n - 1, 1) * n)
        return SeedVariance(float(scores.var(ddof=1)), noise, seeds - 1)

    def less(self, other: Sample) -> Sample:
        """The difference as a model of its own: seed i of one belongs with seed i of the other."""
        return Sample(self.values - other.values)


def mean(sample: Sample, variance: SeedVariance | None) -> Estimate:
    """The score, with a variance over seeds where one is known."""
    return _estimate(sample.texts, [(sample.seeds, variance)])


def difference(
    first: Sample, second: Sample, of_first: SeedVariance | None, of_second: SeedVariance | None
) -> Estimate:
    """Second less first, on the same texts; the seeds of one have nothing to do with those of the other."""
    return _estimate(second.texts - first.texts, [(first.seeds, of_first), (second.seeds, of_second)])


def _estimate(texts: Floats, models: Sequence[tuple[int, SeedVariance | None]]) -> Estimate:
    n, value = len(texts), float(texts.mean())
    known = [(seeds, variance) for seeds, variance in models if variance is not None]
    noise = sum(variance.noise / seeds for seeds, variance in known if variance.source != "borrowed")
    over_texts = max(float(((texts - value) ** 2).sum()) / (n * max(n - 1, 1)) - noise, LEAST / n**2)
    over_seeds, squares = _over_seeds(known)
    whole = over_texts + over_seeds
    df = whole**2 / (over_texts**2 / max(n - 1, 1) + squares)
    df = max(df, min([variance.df for _, variance in known], default=0.0))
    sources = {variance.source for _, variance in known}
    return Estimate(value, whole**0.5, df, _source(len(known) < len(models), "borrowed" in sources))


def _source(unknown: bool, borrowed: bool) -> Source:
    return "none" if unknown else "borrowed" if borrowed else "own"


def _over_seeds(known: Sequence[tuple[int, SeedVariance]]) -> tuple[float, float]:
    """The variance of means over seeds, and the sum of its mean squares, squared, over their degrees of freedom.

    A borrowed variance widens what the texts show, never narrows it: a lone seed's noise is in the texts' term. That
    nothing is added does not make it certain. What several have from the same other models is uncertain in common, and
    is added before it is squared.
    """
    whole = squares = common = 0.0
    for seeds, variance in known:
        own = variance.source == "own"
        whole += max(variance.total - (variance.noise if variance.source == "borrowed" else 0.0), 0.0) / seeds
        mean_square = variance.total / seeds
        squares += mean_square**2 / variance.df if own else 0.0
        common += 0.0 if own else mean_square / variance.df**0.5
    return whole, squares + common**2
