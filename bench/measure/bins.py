"""What scores of one label a text and of several have in common: bins of confidence, the clip of logarithms, ratios."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 15
CLIP = 1e-7

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def confidence_bins(confidence: Floats) -> Labels:
    """The equal-width bin of each confidence, 0 to BINS − 1, int64.

    One on an edge belongs to the bin below it, as in Guo et al. 2017 (arXiv:1706.04599).
    """
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def ratio(above: Floats, below: Floats) -> Floats:
    """0 where there is nothing to divide by: a label without texts or predictions scores 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def label_f1(labels: Labels, predicted: Labels) -> Floats:
    """F1 of each label, float64 [k], of 0 or 1 int64 [n, k]."""
    found, both = (labels & predicted).sum(axis=0), labels.sum(axis=0) + predicted.sum(axis=0)
    return ratio(2.0 * found, both.astype(np.float64))
