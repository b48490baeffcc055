"""The reference workload: the same work in every measuring session, whatever is measured, so that sessions compare."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from bench.contract import Predictor, Probabilities

N_LABELS = 3
_WIDTH = 512
_WORDS = (
    "the", "day", "was", "good", "bad", "not", "very", "so", "happy", "sad", "angry", "calm", "@user", "#hashtag",
    "http", "rain", "sun", "late", "never", "again",
)  # fmt: skip


class Reference(Predictor):
    """Hashes words in plain Python, then multiplies matrices in NumPy: about a millisecond a text, as a small model.

    It stays as it is: a change would be another yardstick, and need a new protocol.
    """

    parameters = nonzero_parameters = 0
    runtime = "numpy"

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._layers = [random.normal(0, _WIDTH**-0.5, (_WIDTH, _WIDTH)).astype(np.float32) for _ in range(4)]

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities that mean nothing, float32 [n_texts, 3]."""
        x = np.zeros((len(texts), _WIDTH), np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                for start in range(len(word)):
                    x[row, zlib.crc32(word[start : start + 3].encode()) % _WIDTH] += 1.0
        for layer in self._layers:
            x = np.tanh(x @ layer)
        odds = np.exp(x[:, :N_LABELS])
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


def reference_texts() -> list[str]:
    """Two hundred made-up texts of 3 to 60 words, always the same."""
    random = np.random.default_rng(0)
    return [" ".join(random.choice(_WORDS, size)) for size in random.integers(3, 61, 200)]
