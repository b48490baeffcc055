"""Whether a stream still looks like validation: population stability of predicted labels and of confidence.

PSI is the sum over bins of (p − q) · ln(p / q). Below .10 means little change, from .10 moderate, from .25 a
significant one that asks for action: the rule of thumb as given by Yurdakul and Naranjo, Statistical properties of the
population stability index, Journal of Risk Model Validation 14 (4), 2020, who also show that about (bins − 1) ·
(1/n + 1/m) of it is chance. It sees what the model predicts, not whether that is right.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.api import Probabilities

MODERATE, SIGNIFICANT = 0.10, 0.25
WINDOW = 1_000
"""The latest posts that are compared."""
MIN_POSTS, MIN_TEXTS = 500, 200
"""Posts, and validation texts, below which chance alone could look like a change."""
BINS = 10
"""Of confidence, each with as many validation texts."""
LEVELS = ("stable", "moderate change", "drift")
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """The predictions of a model on validation texts, counted."""

    labels: Counts
    """How often each label is predicted, [n_labels]."""
    edges: npt.NDArray[np.float64]
    """Between the bins of confidence, ascending."""
    confidence: Counts
    """Texts in each bin, [len(edges) + 1]."""
    origin: str
    """Where the texts are from, for a person to read."""

    @classmethod
    def of(cls, probabilities: Probabilities, origin: str) -> Reference:
        """From probabilities [n_texts, n_labels]."""
        top = probabilities.max(axis=1).astype(np.float64)
        edges = np.unique(np.quantile(top, np.linspace(0, 1, BINS + 1)[1:-1]))
        labels = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
        return cls(labels, edges, _binned(top, edges), origin)


@dataclass(frozen=True)
class Reading:
    """Both indices over the latest posts."""

    labels: float
    confidence: float
    posts: int

    @property
    def level(self) -> str:
        """Of the worse one."""
        worst = max(self.labels, self.confidence)
        return LEVELS[int(worst >= MODERATE) + int(worst >= SIGNIFICANT)]


class Drift:
    """The latest posts against a reference."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._labels: deque[int] = deque(maxlen=WINDOW)
        self._top: deque[float] = deque(maxlen=WINDOW)

    def add(self, probabilities: Probabilities) -> None:
        """A batch, [n_posts, n_labels]."""
        self._labels.extend(probabilities.argmax(axis=1).tolist())
        self._top.extend(probabilities.max(axis=1).astype(np.float64).tolist())

    def reading(self) -> Reading | None:
        """How far apart they are; None of too few posts."""
        if len(self._labels) < MIN_POSTS:
            return None
        labels = np.bincount(np.asarray(self._labels), minlength=len(self.reference.labels))
        confidence = _binned(np.asarray(self._top), self.reference.edges)
        return Reading(psi(self.reference.labels, labels), psi(self.reference.confidence, confidence), len(self._top))


def psi(expected: Counts, observed: Counts) -> float:
    """Population stability index of two counts over the same bins; half a count more in each, so that none is empty."""
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (expected, observed))
    return float(((p - q) * np.log(p / q)).sum())


def _binned(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> Counts:
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
