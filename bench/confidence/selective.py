"""Abstention: the texts that a model is least sure of are left to somebody else."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bench.confidence.calibration import Labels
from bench.contract import Probabilities
from bench.proportion import Rate

COVERAGES = (0.95, 0.9, 0.8, 0.7, 0.5)


class Threshold(BaseModel):
    """The least confidence, the highest probability of a text, that leaves so many texts on validation."""

    model_config = ConfigDict(extra="forbid")
    coverage: float = Field(description="The share of validation texts that are answered.")
    confidence: float


class Selective(BaseModel):
    """What a threshold does on test."""

    model_config = ConfigDict(extra="forbid")
    threshold: Threshold
    coverage: Rate = Field(description="Texts that are answered.")
    accuracy: Rate = Field(description="Of those that are answered.")


def thresholds(probabilities: Probabilities) -> list[Threshold]:
    """Of calibrated validation probabilities float32 [n, k]."""
    confidence = probabilities.max(axis=1)
    return [Threshold(coverage=c, confidence=float(np.quantile(confidence, 1 - c))) for c in COVERAGES]


def evaluate(threshold: Threshold, labels: Labels, probabilities: Probabilities) -> Selective:
    """On labels int64 [n] and calibrated probabilities float32 [n, k]."""
    answered = probabilities.max(axis=1) >= threshold.confidence
    right = (probabilities.argmax(axis=1) == labels)[answered]
    return Selective(
        threshold=threshold,
        coverage=Rate.of(int(answered.sum()), len(labels)),
        accuracy=Rate.of(int(right.sum()), len(right)),
    )
