"""Calibration: probabilities that come true as often as they say, fitted on validation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Probabilities

Method = Literal["temperature", "isotonic"]
CLIP = 1e-7
BOUNDS = (0.05, 20.0)
"""Of the temperature."""

Labels = npt.NDArray[np.int64]


class Step(BaseModel):
    """A rising function by its corners, linear between them, constant outside."""

    model_config = ConfigDict(extra="forbid")
    x: list[float]
    y: list[float]


class Calibration(BaseModel):
    """One temperature for all labels, or one rising function a label."""

    model_config = ConfigDict(extra="forbid")
    method: Method
    temperature: float | None = Field(None, description="Logits are divided by it: above 1 where a model is too sure.")
    least: float = Field(CLIP, description="No probability is below it before the sum is made 1.")
    steps: list[Step] = Field(default_factory=list, description="Of each label, then normalized to a sum of 1.")

    def __call__(self, probabilities: Probabilities) -> Probabilities:
        """Float32 [n, k] to the same, rows summing to 1. A temperature changes no label, isotonic functions may."""
        if self.temperature is not None:
            scaled = np.log(np.clip(probabilities.astype(np.float64), CLIP, 1)) / self.temperature
            powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        else:
            columns = [np.interp(probabilities[:, i], step.x, step.y) for i, step in enumerate(self.steps)]
            powers = np.clip(np.stack(columns, axis=1), self.least, None)
        calibrated: Any = powers / powers.sum(axis=1, keepdims=True)
        return np.asarray(calibrated, np.float32)


def fit(labels: Labels, probabilities: Probabilities, method: Method) -> Calibration:
    """Of validation labels int64 [n] and probabilities float32 [n, k].

    `temperature`: the one of least log loss (Guo et al., 2017, arXiv:1706.04599). `isotonic`: of each label against the
    rest (Zadrozny and Elkan, 2002), none below 1 / (n + 2): what n texts have not shown may still be (Laplace).
    """
    return _temperature(labels, probabilities) if method == "temperature" else _isotonic(labels, probabilities)


def _temperature(labels: Labels, probabilities: Probabilities) -> Calibration:
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        scaled = Calibration(method="temperature", temperature=float(np.exp(logarithm)))(probabilities)
        return float(-np.log(np.clip(scaled[np.arange(len(labels)), labels], CLIP, 1)).mean())

    best = minimize_scalar(loss, bounds=tuple(np.log(BOUNDS)), method="bounded", options={"xatol": 1e-4})
    return Calibration(method="temperature", temperature=float(np.exp(best.x)))


def _isotonic(labels: Labels, probabilities: Probabilities) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    steps = []
    for label in range(probabilities.shape[1]):
        fitted = IsotonicRegression(out_of_bounds="clip").fit(probabilities[:, label], labels == label)
        steps.append(Step(x=fitted.X_thresholds_.astype(float).tolist(), y=fitted.y_thresholds_.astype(float).tolist()))
    return Calibration(method="isotonic", steps=steps, least=1 / (len(labels) + 2))
