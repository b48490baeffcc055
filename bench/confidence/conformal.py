"""Conformal prediction: sets of labels that hold the true one as often as was asked for.

The guarantee is of texts that are drawn as the validation texts were; early stopping has looked at these, and a shift
of time or topic breaks it: what is reached on test stands beside it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.confidence.calibration import Labels
from bench.contract import Probabilities
from bench.proportion import Rate

ERRORS = (0.2, 0.1, 0.05)


class Conformal(BaseModel):
    """A label is in the set where its probability is at least `least` (Sadinle, Lei, Wasserman, 2019)."""

    model_config = ConfigDict(extra="forbid")
    error: float = Field(description="The share of sets that may lack the true label.")
    least: float = Field(description="0 where there are too few validation texts to promise so small an error.")

    def sets(self, probabilities: Probabilities) -> npt.NDArray[np.bool_]:
        """Which labels are in the set of each text, [n, k]; the most probable one always is."""
        inside = probabilities >= self.least
        inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
        return inside


class Sets(BaseModel):
    """What the sets are like on test."""

    model_config = ConfigDict(extra="forbid")
    conformal: Conformal
    coverage: Rate = Field(description="Sets that hold the true label.")
    mean_size: float
    single: Rate = Field(description="Sets of one label.")


def fit(labels: Labels, probabilities: Probabilities) -> list[Conformal]:
    """Split conformal of validation labels int64 [n] and calibrated probabilities float32 [n, k], one an error rate."""
    of_true = np.sort(probabilities[np.arange(len(labels)), labels])
    fitted = []
    for error in ERRORS:
        place = math.floor(error * (len(labels) + 1))  # so many true labels may lie below the least probability
        fitted.append(Conformal(error=error, least=float(of_true[place - 1]) if place >= 1 else 0.0))
    return fitted


def evaluate(conformal: Conformal, labels: Labels, probabilities: Probabilities) -> Sets:
    """On labels int64 [n] and calibrated probabilities float32 [n, k]."""
    sets = conformal.sets(probabilities)
    sizes, n = sets.sum(axis=1), len(labels)
    return Sets(
        conformal=conformal,
        coverage=Rate.of(int(sets[np.arange(n), labels].sum()), n),
        mean_size=float(sizes.mean()),
        single=Rate.of(int((sizes == 1).sum()), n),
    )
