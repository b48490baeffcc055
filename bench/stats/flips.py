"""Predictions that two models do not share: who mends what the other has wrong."""

from __future__ import annotations

from dataclasses import dataclass

from bench.stats.contributions import Floats


@dataclass(frozen=True)
class Flips:
    """Texts that change sides from a first model to a second; means over pairs of seeds."""

    corrections: float
    """Wrong in the first, right in the second."""
    regressions: float
    """Right in the first, wrong in the second."""

    def p_mcnemar(self) -> float:
        """Of McNemar's exact test, two-sided: for a single run of each model, whose flips are whole numbers."""
        from scipy.stats import binomtest

        fixed, lost = round(self.corrections), round(self.regressions)
        return float(binomtest(fixed, fixed + lost).pvalue) if fixed + lost else 1.0


def flips(first: Floats, second: Floats, matched: bool) -> Flips:
    """From right (1) or wrong (0), float64 [seeds, texts]: seed by seed where `matched`, else over all pairs."""
    if matched:
        fixed, lost = (1 - first) * second, first * (1 - second)
        return Flips(float(fixed.sum(axis=1).mean()), float(lost.sum(axis=1).mean()))
    a, b = first.mean(axis=0), second.mean(axis=0)
    return Flips(float(((1 - a) * b).sum()), float((a * (1 - b)).sum()))
