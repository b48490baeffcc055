"""A dense network over TF-IDF features (Keras)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
    Truncation,
    Uniform,
    sigmoid,
    softmax,
)

if TYPE_CHECKING:
    from baselines.vectorize import TextFeatures

SLICE = 1024
"""Texts whose hidden layers are held at once."""


class Dnn(Recipe):
    """A dense network over TF-IDF features (Keras); `layers="4096-2048-1024-64"` is the large one of the literature.

    `ema` keeps a moving average of the weights (its momentum, such as 0.998; 0 for none), and `monitor` (`accuracy`,
    `macro_f1` or `macro_recall`; the data set's own metric if left out) is the validation score that chooses the epoch.
    """

    name, framework, requires = "dnn", "keras", ("keras", "tensorflow", "sklearn", "scipy", "safetensors")
    defaults = {
        "layers": "128",  # widths of the hidden layers from first to last, as in 256-64
        "dropout": 0.5,  # after each hidden layer
        "input_dropout": 0.3,  # share of a text's features that are dropped in training
        "word_ngrams": "1-2",  # shortest and longest n-gram of words, as in 1-2, or `none`
        "char_ngrams": "3-6",  # shortest and longest n-gram of characters, as in 3-6, or `none`
        "min_df": 2,  # training texts that an n-gram must be in
        "max_features": 30_000,  # n-grams of each kind at most, the most frequent; 0: all
        "sublinear": True,  # 1 + log of a count in place of the count
        "epochs": 6,  # passes over the training texts at most
        "patience": 3,  # epochs without a better validation score before it stops
        "batch_size": 128,  # texts of a step
        "learning_rate": 1e-3,  # the highest
        "schedule": "cosine",  # of the rate after the warm-up: `cosine`, `linear` or `constant`
        "weight_decay": 0.01,  # of AdamW
        "label_smoothing": 0.1,  # share of each label's weight that goes to the others
        "class_weight": "balanced",  # `none`, or `balanced`: rare labels weigh more in the loss
        "ema": 0.0,  # momentum of an average of the weights over the steps, such as 0.998; 0: none
        "monitor": "accuracy",  # the validation score that chooses the epoch: `accuracy`, `macro_f1` or `macro_recall`
        "precision": "auto",  # `auto`, `float32` or `mixed_bfloat16`
    }
    space = {
        "layers": Choice("128", "256", "512", "512-128"),
        "dropout": Uniform(0.2, 0.7),
        "input_dropout": Uniform(0.0, 0.5),
        "char_ngrams": Choice("none", "3-5", "3-6"),
        "max_features": Choice(10_000, 20_000, 30_000, 40_000),
        "batch_size": Choice(64, 128, 256),
        "learning_rate": LogUniform(3e-4, 1e-2),
        "schedule": Choice("cosine", "linear", "constant"),
        "weight_decay": LogUniform(1e-3, 0.1),
        "patience": Choice(2, 3, 4),
        "label_smoothing": Uniform(0.0, 0.1),
    }
    smoke = {
        "char_ngrams": "none",
        "layers": "16",
        "max_features": 2000,
        "epochs": 2,
        "min_df": 1,
        "batch_size": 16,
        "learning_rate": 2e-2,
    }
    sources = ("artifact.py", "criterion.py", "dense.py", "ngrams.py", "training.py", "vectorize.py")
    normalization = "plain-2"
    learns_from_teacher = True
    multi_label = True

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Vectorizer on train; the network on train, its best epoch chosen on validation, the last one without it."""
        from scipy.sparse import hstack

        from baselines import criterion, dense, training
        from baselines.artifact import save_artifact
        from baselines.vectorize import TextFeatures

        widths = layer_widths(params["layers"])
        device = training.prepare_device(seed, params["precision"], context.device)
        features = TextFeatures(params, self.normalization)
        matrix = features.fit_transform(train.texts)
        batches = dense.sparse_batches(
            matrix, criterion.targets(train), params["batch_size"], seed, params["input_dropout"]
        )
        checks = None
        if len(validation):
            held_out = hstack(features.transform(features.clean(validation.texts)), format="csr")
            checks = dense.sparse_batches(held_out, criterion.targets(validation), SLICE)
        model = dense.build_dense(matrix.shape[1], widths, len(train.label_names), params["dropout"])
        log = training.train(model, batches, checks, train, params, device, context)
        config = {
            "label_names": list(train.label_names),
            "multi_label": train.multi_label,
            "normalization": self.normalization,
            "params": dict(params),
        }
        weights = {f"{layer.name}.{w.name}": w.numpy() for layer in model.layers for w in layer.weights}
        save_artifact(out_dir, config, weights | features.save(out_dir))
        return log

    def load(self, artifact_dir: Path) -> Predictor:
        """Vocabularies from JSON, numbers from safetensors; TensorFlow is not needed."""
        from baselines.artifact import load_artifact
        from baselines.vectorize import TextFeatures

        config, weights = load_artifact(artifact_dir)
        features = TextFeatures.load(artifact_dir, weights, config["params"], config["normalization"])
        return DnnPredictor(features, weights, config.get("multi_label", False))


class DnnPredictor(Predictor):
    """A sparse product for the first layer, then NumPy: no framework stands between a text and its label."""

    runtime = "numpy"

    def __init__(
        self, features: TextFeatures, weights: dict[str, npt.NDArray[np.float32]], multi_label: bool = False
    ) -> None:
        from baselines.artifact import count_parameters

        self.features, self.activation = features, sigmoid if multi_label else softmax
        depth = sum(name.endswith(".kernel") for name in weights)
        self.dense = [(weights[f"dense_{i}.kernel"], weights[f"dense_{i}.bias"]) for i in range(depth)]
        self.parameters, self.nonzero_parameters = count_parameters(weights)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices, so that memory stays bounded."""
        if not texts:
            return np.zeros((0, len(self.dense[-1][1])), np.float32)
        starts = range(0, len(texts), SLICE)
        return np.concatenate([self._classify(self._vectorize(texts[start : start + SLICE])) for start in starts])

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Text to features, features to probabilities."""
        return {"tokenize": self._vectorize, "forward": self._classify}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by characters."""
        return self.features.truncation(texts)

    def _vectorize(self, texts: Sequence[str]) -> list[Any]:
        return self.features.transform(self.features.clean(texts))

    def _classify(self, blocks: list[Any]) -> Probabilities:
        from baselines.vectorize import sparse_product

        (kernel, bias), *rest = self.dense
        vector = sparse_product(blocks, kernel) + bias
        for kernel, bias in rest:
            vector = np.maximum(vector, 0.0) @ kernel + bias
        return self.activation(vector)


def layer_widths(text: str) -> list[int]:
    """`"256-64"` as [256, 64]; anything else is an error."""
    parts = str(text).split("-")
    if not all(part.isdigit() and int(part) for part in parts):
        raise BenchError(f"layers={text}: give the widths from first to last as in 256-64")
    return [int(part) for part in parts]
