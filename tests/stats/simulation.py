"""Right and wrong predictions with a known truth, as noisy over texts and seeds as the published ones.

A text is right where a normal score lies above zero: how hard the text is, how the model takes it, how good the
training is, and chance. The spreads are fitted to `reports/results`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from bench.stats.contributions import Floats


@dataclass(frozen=True)
class Noise:
    """Of one board: accuracy, texts, and the variances of the normal score's parts, which add to one."""

    accuracy: float
    texts: int
    text: float
    """How hard a text is for every model."""
    model: float
    """How one model takes a text, the same in each of its trainings."""
    seed: float
    """Standard deviation of accuracy over trainings, were there infinitely many texts."""

    @property
    def shift(self) -> float:
        """`seed` in the units of the normal score."""
        return float(self.seed / norm.pdf(norm.ppf(self.accuracy)))

    def draw(
        self, random: np.random.Generator, seeds: list[int], gaps: list[float] | None = None, same: float = 0.0
    ) -> list[Floats]:
        """Right (1) or wrong (0) [seeds, texts] of models with that many seeds, each that much below the accuracy.

        `same` is the share of `model` that the models have in common: 1 for one recipe.
        """
        gaps = gaps or [0.0] * len(seeds)
        hard = random.normal(0, self.text**0.5, self.texts) + random.normal(0, (same * self.model) ** 0.5, self.texts)
        rest = (1 - self.text - self.model) ** 0.5
        drawn = []
        for count, gap in zip(seeds, gaps, strict=True):
            level = norm.ppf(self.accuracy - gap) * (1 + self.shift**2) ** 0.5
            own = hard + random.normal(0, ((1 - same) * self.model) ** 0.5, self.texts)
            good = level + random.normal(0, self.shift, (count, 1))
            drawn.append((own + good + random.normal(0, rest, (count, self.texts)) > 0).astype(np.float64))
        return drawn
