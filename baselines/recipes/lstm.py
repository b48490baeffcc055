"""A bidirectional LSTM over subword pieces, from scratch (Keras)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import Choice, LogUniform, Params, Predictor, Probabilities, Recipe, Split, Training, Uniform

if TYPE_CHECKING:
    from baselines.sequences import Pieces

SLICE = 256
"""Texts that go through the network at once when many are asked for."""


class Lstm(Recipe):
    """Embedding, bidirectional LSTM, attention and max pooling (Keras).

    `vectors` is a folder with `vectors.safetensors` (`embedding.weight` [words, width]) and `vocab.txt` (one word a
    line), as of GloVe: they start the first columns of the embedding of a `word` tokenizer, and are trained on.
    """

    name, framework = "lstm", "keras"
    requires = ("keras", "tensorflow", "tokenizers", "safetensors")
    defaults = {
        "tokenizer": "bpe",
        "vocabulary": 8000,
        "max_length": 128,
        "vectors": None,
        "embedding": 128,
        "units": 128,
        "depth": 1,
        "pooling": "attention+max",
        "hidden": 0,
        "word_dropout": 0.05,
        "embedding_dropout": 0.2,
        "recurrent_dropout": 0.2,
        "dropout": 0.3,
        "epochs": 6,
        "patience": 3,
        "batch_size": 64,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "weight_decay": 0.01,
        "label_smoothing": 0.0,
        "class_weight": "none",
        "precision": "auto",
    }
    space = {
        "vocabulary": Choice(4000, 8000, 16000),
        "max_length": Choice(64, 128),
        "embedding": Choice(128, 200, 300),
        "units": Choice(96, 128, 160, 256),
        "depth": Choice(1, 2),
        "pooling": Choice("attention", "max", "attention+max", "mean+max"),
        "word_dropout": Uniform(0.0, 0.2),
        "embedding_dropout": Uniform(0.0, 0.5),
        "dropout": Uniform(0.1, 0.6),
        "recurrent_dropout": Uniform(0.0, 0.5),
        "batch_size": Choice(32, 64, 128),
        "learning_rate": LogUniform(3e-4, 5e-3),
        "schedule": Choice("cosine", "linear", "constant"),
        "weight_decay": LogUniform(1e-3, 0.1),
        "patience": Choice(2, 3, 4),
        "label_smoothing": Uniform(0.0, 0.1),
    }
    smoke = {
        "vocabulary": 600,
        "max_length": 32,
        "embedding": 16,
        "units": 16,
        "epochs": 2,
        "batch_size": 16,
        "learning_rate": 1e-2,
    }
    path_params = ("vectors",)
    sources = ("artifact.py", "recurrent.py", "sequences.py", "training.py", "vectors.py")
    normalization = "plain-2"

    def fit(self, train: Split, validation: Split, params: Params, seed: int, out_dir: Path) -> Training:
        """Tokenizer on train; the network on train, its best epoch chosen on validation, the last one without it."""
        from baselines import recurrent, sequences, training, vectors
        from baselines.artifact import save_artifact

        recurrent.check(params)
        device = training.prepare_device(seed, params["precision"])
        length, labels = params["max_length"], len(train.label_names)
        pieces = sequences.train_pieces(
            train.texts, params["tokenizer"], params["vocabulary"], self.normalization, length
        )
        batches = sequences.bucketed(pieces.encode(train.texts), train.labels, labels, params["batch_size"], seed)
        checks = None
        if len(validation):
            checks = sequences.bucketed(pieces.encode(validation.texts), validation.labels, labels, SLICE, None)
        model = recurrent.build_recurrent(len(pieces), labels, params)
        if params["vectors"] is not None:
            vectors.start_embedding(model, pieces, Path(params["vectors"]), params)
        log = training.train(model, batches, checks, train.labels, params, device)
        config = {
            "label_names": list(train.label_names),
            "normalization": self.normalization,
            "params": {name: value for name, value in params.items() if name != "vectors"},
        }
        pieces.save(out_dir)
        save_artifact(out_dir, config, {w.path: w.numpy() for w in model.weights})
        return log

    def load(self, artifact_dir: Path) -> Predictor:
        """Tokenizer and architecture from JSON, numbers from safetensors."""
        from baselines import recurrent
        from baselines.artifact import load_artifact
        from baselines.sequences import Pieces

        config, weights = load_artifact(artifact_dir)
        pieces = Pieces.load(artifact_dir, config["normalization"], config["params"]["max_length"])
        model = recurrent.build_recurrent(len(pieces), len(config["label_names"]), config["params"])
        for variable in model.weights:
            variable.assign(weights[variable.path])
        return LstmPredictor(pieces, recurrent.frozen(model), weights, len(config["label_names"]))


class LstmPredictor(Predictor):
    """Pieces, then the network as one frozen TensorFlow graph."""

    runtime = "keras"

    def __init__(
        self,
        pieces: Pieces,
        forward: Callable[[npt.NDArray[np.int32]], Probabilities],
        weights: dict[str, npt.NDArray[np.float32]],
        labels: int,
    ) -> None:
        from baselines.artifact import count_parameters

        self.pieces, self.forward, self.labels = pieces, forward, labels
        self.parameters, self.nonzero_parameters = count_parameters(weights)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices of like length, and come back in order."""
        from baselines.sequences import pad

        ids = self.pieces.encode(texts)
        if 0 < len(ids) <= SLICE:
            return self.forward(pad(ids))
        order = np.argsort([len(item) for item in ids], kind="stable")
        out = np.zeros((len(ids), self.labels), np.float32)
        for start in range(0, len(ids), SLICE):
            chosen = order[start : start + SLICE]
            out[chosen] = self.forward(pad([ids[i] for i in chosen]))
        return out

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to padded piece ids, ids to probabilities."""
        from baselines.sequences import pad

        return {"tokenize": lambda texts: pad(self.pieces.encode(texts)), "forward": self.forward}
