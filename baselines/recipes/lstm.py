"""A bidirectional LSTM over subword tokens or words, from scratch (Keras)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import (
    STANDALONE,
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
    from baselines.sequences import SequenceTokenizer
    from baselines.subwords import HashedNgrams
    from baselines.training import Batches
    from baselines.vectors import WordVectors

Inputs = tuple[npt.NDArray[np.int32], ...]
SLICE = 256
"""Texts that go through the network at once when there are many."""


class Lstm(Recipe):
    """Embedding, bidirectional LSTM, attention and max pooling (Keras).

    `vectors` is a folder with `vectors.safetensors` (`embedding.weight` [words, width]) and `vocab.txt` (one word a
    line), as of GloVe: they start the first columns of the embedding of a `word` tokenizer, and are trained on. Its
    words that are not in the training texts join the vocabulary, beyond the size that `vocabulary` sets.

    `char_ngrams` (`"3-5"`, or `"none"`) adds to the vector of each word of a `word` tokenizer the mean vector of its
    character n-grams, hashed into `ngram_buckets`: a word that is not in training is read by its spelling.

    `ema` keeps a moving average of the weights (its momentum, such as 0.998; 0 for none), and `monitor` (`accuracy`,
    `macro_f1` or `macro_recall`; the data set's own metric if left out) is the validation score that chooses the epoch.
    """

    name, framework = "lstm", "keras"
    requires = ("keras", "tensorflow", "tokenizers", "safetensors")
    defaults = {
        "tokenizer": "bpe",  # `bpe` (pieces of words) or `word`
        "vocabulary": 8000,  # tokens at most, the most frequent
        "max_length": 128,  # tokens of a text that are read
        "vectors": None,  # a folder of word vectors to start from, with `tokenizer=word`; None: random
        "char_ngrams": "none",  # n-grams of characters that spell a word, as in 3-5, with `tokenizer=word`; or `none`
        "ngram_buckets": 20_000,  # rows of the table that these n-grams are hashed into
        "embedding": 128,  # width of a token's vector
        "units": 128,  # width of the LSTM in each direction
        "depth": 1,  # layers of the LSTM
        "pooling": "attention+max",  # `attention`, `max` and `mean`, joined by +
        "hidden": 0,  # width of a layer before the logits; 0: none
        "word_dropout": 0.05,  # of whole tokens
        "embedding_dropout": 0.2,  # of the tokens' vectors
        "recurrent_dropout": 0.2,  # after each layer of the LSTM
        "dropout": 0.3,  # before each dense layer
        "epochs": 6,  # passes over the training texts at most
        "patience": 3,  # epochs without a better validation score before it stops
        "batch_size": 64,  # texts of a step
        "learning_rate": 2e-3,  # the highest
        "schedule": "cosine",  # of the rate after the warm-up: `cosine`, `linear` or `constant`
        "weight_decay": 0.01,  # of AdamW
        "label_smoothing": 0.0,  # share of each label's weight that goes to the others
        "class_weight": "none",  # `none`, or `balanced`: rare labels weigh more in the loss
        "ema": 0.0,  # momentum of an average of the weights over the steps, such as 0.998; 0: none
        "monitor": "accuracy",  # the validation score that chooses the epoch: `accuracy`, `macro_f1` or `macro_recall`
        "precision": "auto",  # `auto`, `float32` or `mixed_bfloat16`
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
    sources = (
        "artifact.py", "criterion.py", "ngrams.py", "recurrent.py", "sequences.py", "subwords.py", "training.py",
        "vectors.py",
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
        """Tokenizer on train; the network on train, its best epoch chosen on validation, the last one without it."""
        from baselines import recurrent, subwords, training
        from baselines.artifact import save_artifact

        recurrent.check(params)
        subwords.ngram_span(params)
        device = training.prepare_device(seed, params["precision"], context.device)
        tokenizer, vectors = _vocabulary(train.texts, params, self.normalization)
        ngrams = subwords.hashed_ngrams(tokenizer, params)
        batches = _batches(train, tokenizer, ngrams, params["batch_size"], seed)
        checks = _batches(validation, tokenizer, ngrams, SLICE, None) if len(validation) else None
        model = recurrent.build_recurrent(len(tokenizer), len(train.label_names), params)
        if vectors is not None:
            vectors.start_embedding(model, tokenizer)
        log = training.train(model, batches, checks, train, params, device, context)
        config = {
            "label_names": list(train.label_names),
            "multi_label": train.multi_label,
            "normalization": self.normalization,
            "params": {name: value for name, value in params.items() if name != "vectors"},
        }
        tokenizer.save(out_dir)
        save_artifact(out_dir, config, {w.path: w.numpy() for w in model.weights})
        return log

    def load(self, artifact_dir: Path) -> Predictor:
        """Tokenizer and architecture from JSON, numbers from safetensors."""
        from baselines import recurrent, subwords
        from baselines.artifact import load_artifact
        from baselines.sequences import SequenceTokenizer

        config, weights = load_artifact(artifact_dir)
        params = {**self.defaults, **config["params"]}
        tokenizer = SequenceTokenizer.load(artifact_dir, config["normalization"], params["max_length"])
        model = recurrent.build_recurrent(len(tokenizer), len(config["label_names"]), params)
        for variable in model.weights:
            variable.assign(weights[variable.path])
        ngrams = subwords.hashed_ngrams(tokenizer, params)
        forward = recurrent.frozen(model, config.get("multi_label", False))
        return LstmPredictor(tokenizer, ngrams, forward, weights, len(config["label_names"]))


def _vocabulary(
    texts: Sequence[str], params: Params, normalization: str
) -> tuple[SequenceTokenizer, WordVectors | None]:
    """Learned from `texts`, and joined by the words of the vectors, if there are any."""
    from baselines.sequences import train_tokenizer
    from baselines.vectors import load_vectors

    vectors = load_vectors(Path(params["vectors"]), params) if params["vectors"] is not None else None
    tokenizer = train_tokenizer(texts, params["tokenizer"], params["vocabulary"], normalization, params["max_length"])
    if vectors is not None:
        tokenizer.join(vectors.words)
    return tokenizer, vectors


def _batches(
    split: Split, tokenizer: SequenceTokenizer, ngrams: HashedNgrams | None, size: int, seed: int | None
) -> Batches:
    from baselines.criterion import targets
    from baselines.sequences import bucketed

    labels = targets(split)
    if ngrams is None:
        return bucketed(tokenizer.encode(split.texts), labels, size, seed)
    ids, unknown = ngrams.encode(split.texts)
    return bucketed(ids, labels, size, seed, ngrams.tensor_inputs(unknown))


class LstmPredictor(Predictor):
    """The tokenizer and, with `char_ngrams`, the n-grams of words; then the network as one frozen TensorFlow graph."""

    runtime = "keras"

    def __init__(
        self,
        tokenizer: SequenceTokenizer,
        ngrams: HashedNgrams | None,
        forward: Callable[[Inputs], Probabilities],
        weights: dict[str, npt.NDArray[np.float32]],
        labels: int,
    ) -> None:
        from baselines.artifact import count_parameters

        self.tokenizer, self.ngrams, self.forward, self.labels = tokenizer, ngrams, forward, labels
        self.parameters, self.nonzero_parameters = count_parameters(weights)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices of like length, and come back in order."""
        ids, inputs = self._encode(texts)
        if 0 < len(ids) <= SLICE:
            return self.forward(inputs(ids))
        order = np.argsort([len(item) for item in ids], kind="stable")
        out = np.zeros((len(ids), self.labels), np.float32)
        for start in range(0, len(ids), SLICE):
            chosen = order[start : start + SLICE]
            out[chosen] = self.forward(inputs([ids[i] for i in chosen]))
        return out

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to padded token ids (and n-grams), these to probabilities."""
        return {"tokenize": self._tokenize, "forward": self.forward}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts."""
        return self.tokenizer.truncation(texts)

    def _tokenize(self, texts: Sequence[str]) -> Inputs:
        ids, inputs = self._encode(texts)
        return inputs(ids)

    def _encode(self, texts: Sequence[str]) -> tuple[list[list[int]], Callable[[list[list[int]]], Inputs]]:
        """The ids of each text, and what makes of some of them a batch."""
        from baselines.sequences import pad

        ngrams = self.ngrams
        if ngrams is None:
            return self.tokenizer.encode(texts), lambda ids: (pad(ids),)
        ids, unknown = ngrams.encode(texts)
        return ids, lambda ids: ngrams.inputs(pad(ids), unknown)
