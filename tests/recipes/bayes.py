"""A real, quick recipe for tests of the harness: multinomial naive Bayes over hashed words, in numpy."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bench.api import STANDALONE, Params, Predictor, Probabilities, Recipe, RunContext, Split, Training

BUCKETS = 2048


def _counts(texts: Sequence[str]) -> np.ndarray:
    counts = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            counts[row, zlib.crc32(word.encode("utf-8", "replace")) % BUCKETS] += 1
    return counts


class _Bayes(Predictor):
    runtime = "numpy"

    def __init__(self, weights: np.ndarray, prior: np.ndarray) -> None:
        self.weights, self.prior = weights, prior
        self.parameters = self.nonzero_parameters = int(weights.size + prior.size)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        logits = np.minimum(_counts(texts), 50) @ self.weights + self.prior
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-1e9))
        return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


class Bayes(Recipe):
    """Multinomial naive Bayes over hashed words (numpy)."""

    name, framework, requires = "bayes", "numpy", ("numpy",)
    defaults = {"alpha": 1.0, "pause": 0.0, "words": ""}
    path_params = ("words",)
    smoke = {"alpha": 2.0}

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        counts, k = _counts(train.texts), len(train.label_names)
        context.progress(1, 2, loss=1.0)
        time.sleep(params["pause"])
        totals = np.stack([counts[train.labels == label].sum(axis=0) for label in range(k)]) + params["alpha"]
        weights = np.log(totals / totals.sum(axis=1, keepdims=True)).T.astype(np.float32)
        weights += np.random.default_rng(seed).normal(0, 1e-3, weights.shape).astype(np.float32)
        prior = np.log(np.bincount(train.labels, minlength=k) / len(train)).astype(np.float32)
        save_file({"weights": np.ascontiguousarray(weights), "prior": prior}, out_dir / "model.safetensors")
        return Training(epochs_run=1, best_epoch=1, history=[{"epoch": 1.0, "loss": 1.0}])

    def load(self, artifact_dir: Path) -> Predictor:
        tensors = load_file(artifact_dir / "model.safetensors")
        return _Bayes(tensors["weights"], tensors["prior"])
