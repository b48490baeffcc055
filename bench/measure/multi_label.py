"""Scores of texts of any number of labels: each label is a question of its own (binary relevance).

As of one label a text, every score is a function of a few sums over texts, so that resamples need those sums alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench.measure.bins import BINS, CLIP, Floats, Labels, confidence_bins, ratio


class MultiLabelScores(NamedTuple):
    """None of texts of one label, and where nothing is scored."""

    micro_f1: float | None = None
    """F1 of all decisions on all labels together."""
    hamming_loss: float | None = None
    """Share of these decisions that are wrong; 0 is best."""


@dataclass(frozen=True)
class SetTerms:
    """What each text adds to the sums, by its `labels` and what was `predicted`, both 0 or 1 int64 [n, k]."""

    labels: Labels
    predicted: Labels
    probabilities: Floats

    @cached_property
    def _matrix(self) -> Any:
        """Sparse, float64 [3 k + BINS + 3, n]."""
        from scipy.sparse import csr_array, vstack

        true, said, p = self.labels, self.predicted, self.probabilities
        counts = [csr_array(some.T.astype(np.float64)) for some in (true & said, said & ~true & 1, true & ~said & 1)]
        gaps = np.zeros((BINS, len(true)))
        np.add.at(gaps, (confidence_bins(p), np.arange(len(true))[:, None]), (p - true) / true.shape[1])
        of_true = np.clip(np.where(true == 1, p, 1 - p), CLIP, 1)
        rest = [(true == said).all(axis=1), -np.log(of_true).mean(axis=1), ((p - true) ** 2).sum(axis=1)]
        return vstack([*counts, csr_array(gaps), csr_array(np.stack(rest).astype(np.float64))]).tocsr()

    def sums(self, weights: npt.NDArray[Any]) -> Floats:
        """True and false positives and false negatives of each label, gap by bin, exact texts, log loss, Brier.

        Float64 [resamples, 3 k + BINS + 3]; `weights` [n, resamples] say how often each text counts.
        """
        sums: Floats = (self._matrix @ weights).T
        return sums

    def scores(self, sums: Floats) -> dict[str, Floats]:
        """The scores of each row of sums, each [resamples]."""
        n, k = self.labels.shape
        found, wrong, missed = sums[:, : 3 * k].reshape(-1, 3, k).transpose(1, 0, 2)
        both = 2 * found + wrong + missed
        return {
            "accuracy": sums[:, -3] / n,
            "macro_f1": ratio(2 * found, both).mean(axis=1),
            "macro_recall": ratio(found, found + missed).mean(axis=1),
            "log_loss": sums[:, -2] / n,
            "brier": sums[:, -1] / n,
            "ece": np.abs(sums[:, 3 * k : -3]).sum(axis=1) / n,
            "micro_f1": ratio(2 * found.sum(axis=1), both.sum(axis=1)),
            "hamming_loss": (wrong + missed).sum(axis=1) / (n * k),
        }
