"""Static word vectors and one convolution, served as a look-up (Keras for training, NumPy for serving)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

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
)

if TYPE_CHECKING:
    from baselines.artifact import Weights
    from baselines.lookup import Lookup


class Static(Recipe):
    """Static vectors of words and their hashed n-grams, one convolution, one linear layer: microseconds a text.

    What a filter makes of each word is a row of a table, so that serving is look-ups, sums and a maximum in NumPy.
    """

    name, framework, requires = "static", "keras", ("keras", "tensorflow", "safetensors")
    defaults = {
        "vocabulary": 10_000,  # words at most, the most frequent
        "min_count": 2,  # times that a word must be in the training texts
        "max_length": 128,  # words of a text that are read
        "char_ngrams": "3-5",  # shortest and longest n-gram of characters that spell a word, as in 3-5
        "ngram_buckets": 10_000,  # rows of the table that these n-grams are hashed into
        "embedding": 32,  # width of a word's vector
        "filters": 128,  # filters of the convolution
        "window": 3,  # words that a filter sees at once: an odd number
        "word_dropout": 0.1,  # of whole words
        "embedding_dropout": 0.2,  # of the words' vectors
        "dropout": 0.4,  # before the logits
        "epochs": 8,  # passes over the training texts at most
        "patience": 3,  # epochs without a better validation score before it stops
        "batch_size": 64,  # texts of a step
        "learning_rate": 3e-3,  # the highest
        "schedule": "cosine",  # of the rate after the warm-up: `cosine`, `linear` or `constant`
        "weight_decay": 0.01,  # of AdamW
        "label_smoothing": 0.0,  # share of each label's weight that goes to the others
        "class_weight": "none",  # `none`, or `balanced`: rare labels weigh more in the loss
        "ema": 0.0,  # momentum of an average of the weights over the steps, such as 0.998; 0: none
        "monitor": "accuracy",  # the validation score that chooses the epoch: `accuracy`, `macro_f1` or `macro_recall`
        "precision": "auto",  # `auto`, `float32` or `mixed_bfloat16`
    }
    space = {
        "vocabulary": Choice(5_000, 10_000, 20_000),
        "embedding": Choice(32, 64, 128),
        "filters": Choice(64, 128, 256),
        "window": Choice(1, 3, 5),
        "word_dropout": Uniform(0.0, 0.3),
        "embedding_dropout": Uniform(0.0, 0.5),
        "dropout": Uniform(0.1, 0.6),
        "batch_size": Choice(32, 64, 128),
        "learning_rate": LogUniform(5e-4, 1e-2),
        "weight_decay": LogUniform(1e-3, 0.1),
        "label_smoothing": Uniform(0.0, 0.1),
    }
    smoke = {
        "vocabulary": 500,
        "ngram_buckets": 500,
        "embedding": 16,
        "filters": 16,
        "epochs": 2,
        "batch_size": 16,
        "learning_rate": 2e-2,
    }
    sources = (
        "artifact.py", "convolution.py", "criterion.py", "lookup.py", "ngrams.py", "recurrent.py", "sequences.py",
        "subwords.py", "training.py", "words.py",
    )  # fmt: skip
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
        """Vocabulary on train; the network on train, its best epoch chosen on validation, the last one without it."""
        from baselines import convolution, training, words
        from baselines.artifact import save_artifact

        check(params)
        device = training.prepare_device(seed, params["precision"], context.device)
        vocabulary = words.learn_words(
            train.texts, self.normalization, params["max_length"], params["vocabulary"], params["min_count"]
        )
        batches, checks = _batches(train, validation, vocabulary, params, self.normalization, seed)
        model = convolution.build_convolution(len(vocabulary), len(train.label_names), params)
        log = training.train(model, batches, checks, train, params, device, context)
        text = json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":"))
        (out_dir / "vocabulary.json").write_text(text, encoding="utf-8")
        config = {
            "label_names": list(train.label_names),
            "multi_label": train.multi_label,
            "normalization": self.normalization,
            "params": dict(params),
        }
        save_artifact(out_dir, config, {weight.path: weight.numpy() for weight in model.weights})
        return log

    def load(self, artifact_dir: Path) -> Predictor:
        """Vocabulary from JSON, numbers from safetensors; TensorFlow is not needed."""
        from baselines.artifact import load_artifact
        from baselines.lookup import Lookup

        config, weights = load_artifact(artifact_dir)
        vocabulary = json.loads((artifact_dir / "vocabulary.json").read_text(encoding="utf-8"))
        params, normalization, several = config["params"], config["normalization"], config.get("multi_label", False)
        return StaticPredictor(Lookup(vocabulary, weights, params, normalization, several), weights)


class StaticPredictor(Predictor):
    """Words to rows of a table, these to probabilities; no framework stands between a text and its label."""

    runtime = "numpy"

    def __init__(self, lookup: Lookup, weights: Weights) -> None:
        from baselines.artifact import count_parameters

        self.lookup, self.labels = lookup, len(weights["logits/bias"])
        self.parameters, self.nonzero_parameters = count_parameters(weights)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices."""
        from baselines.lookup import SLICE

        out = np.empty((len(texts), self.labels), np.float32)
        for start in range(0, len(texts), SLICE):
            chosen = texts[start : start + SLICE]
            out[start : start + SLICE] = self.lookup.classify(self.lookup.read(chosen))
        return out

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to rows of the table, these to probabilities."""
        return {"tokenize": self.lookup.read, "forward": self.lookup.classify}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts."""
        return self.lookup.reader.truncation(texts)


def check(params: Params) -> None:
    """A `BenchError` for a shape that cannot be."""
    from baselines.lookup import spelling_span

    spelling_span(params)
    if params["window"] < 1 or params["window"] % 2 == 0:
        raise BenchError(f"window={params['window']}: give an odd number of words such as 3")
    for key in ("vocabulary", "min_count", "max_length", "ngram_buckets", "embedding", "filters"):
        if params[key] < 1:
            raise BenchError(f"{key}={params[key]}: give a number of 1 or more")


def _batches(
    train: Split, validation: Split, vocabulary: list[str], params: Params, normalization: str, seed: int
) -> tuple[Any, Any]:
    """Those of training and, where there is one, of validation."""
    from baselines.criterion import targets
    from baselines.lookup import spelling_span
    from baselines.sequences import bucketed
    from baselines.subwords import hashed, tensor_inputs
    from baselines.words import Numbers, Reader

    numbers = Numbers(vocabulary)
    reader = Reader(normalization, params["max_length"], numbers)
    ids, checked = ([reader(text) for text in split.texts] for split in (train, validation))
    table = hashed([*vocabulary, *numbers.unknown], spelling_span(params), params["ngram_buckets"])
    table[:2] = 0  # padding, and a text without words, have no spelling
    inputs = tensor_inputs(table, len(vocabulary))
    batches = bucketed(ids, targets(train), params["batch_size"], seed, inputs)
    return batches, bucketed(checked, targets(validation), 256, None, inputs) if len(validation) else None
