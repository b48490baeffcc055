"""What all runtimes of an encoder share: texts to padded token ids, in slices of like length. No framework needed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.api import Predictor, Probabilities, Truncation, sigmoid, softmax
from transformers_pt.encode import Encoder
from transformers_pt.long_texts import Windows

SLICE = 32
"""Texts that go through the network at once."""
Padded = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Token ids and attention mask, each [batch, length]."""
Logits = npt.NDArray[np.floating[Any]]


class EncoderPredictor(Predictor):
    """Tokenizer, then whatever runs the network; with `multi_label` each label has a probability by itself."""

    def __init__(self, encoder: Encoder, labels: int, multi_label: bool = False) -> None:
        self.encoder, self.labels = encoder, labels
        self.activation = sigmoid if multi_label else softmax
        self.pad_id: int = encoder.tokenizer.pad_token_id

    @abstractmethod
    def _logits(self, padded: Padded) -> Logits:
        """Of a batch, float [batch, n_labels]."""

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices of like length, and come back in order."""
        windows = self.encoder.windows(texts)
        ids = windows.rows
        out = np.zeros((len(ids), self.labels), np.float32)
        order = np.argsort([len(row) for row in ids], kind="stable")
        for start in range(0, len(ids), SLICE):
            chosen = order[start : start + SLICE]
            out[chosen] = self.activation(self._logits(pad([ids[i] for i in chosen], self.pad_id)))
        return windows.pool(out)

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to padded token ids, ids to probabilities."""

        def tokenize(texts: Sequence[str]) -> tuple[Windows, Padded]:
            windows = self.encoder.windows(texts)
            return windows, pad(windows.rows, self.pad_id)

        def forward(encoded: tuple[Windows, Padded]) -> Probabilities:
            windows, padded = encoded
            return windows.pool(self.activation(self._logits(padded)))

        return {"tokenize": tokenize, "forward": forward}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts."""
        return self.encoder.truncation(texts)


def pad(ids: Sequence[list[int]], pad_id: int) -> Padded:
    """Rows of ids to arrays as long as the longest of them, padded on the right."""
    longest = max(len(row) for row in ids)
    rows = [row + [pad_id] * (longest - len(row)) for row in ids]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in ids]
    return np.array(rows, np.int64), np.array(mask, np.int64)
