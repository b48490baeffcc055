"""Logits to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]


def softmax(logits: npt.NDArray[np.floating[Any]]) -> Probabilities:
    """Probabilities over the last axis, float32. No libraries: servers of exported models bring none for it."""
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(logits: npt.NDArray[np.floating[Any]]) -> Probabilities:
    """The probability of each label by itself, float32: where a text may have several."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80))), np.float32)
