"""From texts to what its graph takes. No TensorFlow: this is how an exported artifact is served."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import Truncation

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from baselines.vectorize import TextFeatures

Inputs = dict[str, npt.NDArray[Any]]
"""Of one text, by the name of the input; the first axis is 1."""


@dataclass(frozen=True)
class Reader:
    """How an artifact reads texts."""

    inputs: Callable[[Sequence[str]], list[Inputs]]
    """Of each text."""
    truncation: Callable[[Sequence[str]], Truncation]
    """What is not read of these texts."""


def ngram_columns(folder: Path) -> Reader:
    """For `dnn`: `columns` int32 [1, n] and `values` float32 [1, n] of the n-grams of a text, at least one of them."""

    def read(text: csr_matrix) -> Inputs:
        if not text.nnz:  # any n-gram, of weight zero: a graph takes no empty tensor
            return {"columns": np.zeros((1, 1), np.int32), "values": np.zeros((1, 1), np.float32)}
        return {"columns": text.indices.astype(np.int32)[None], "values": text.data.astype(np.float32)[None]}

    features = _features(folder)
    return Reader(lambda texts: [read(text) for text in _vectors(features, texts)], features.truncation)


def dense_features(folder: Path) -> Reader:
    """For a `dnn` trained for 8 bits: `features`, float32 [1, all n-grams]."""
    features = _features(folder)
    return Reader(
        lambda texts: [{"features": text.toarray()} for text in _vectors(features, texts)], features.truncation
    )


def _features(folder: Path) -> TextFeatures:
    from baselines.artifact import load_artifact
    from baselines.vectorize import TextFeatures

    config, weights = load_artifact(folder)
    return TextFeatures.load(folder, weights, config["params"], config["normalization"])


def _vectors(features: TextFeatures, texts: Sequence[str]) -> Iterable[csr_matrix]:
    from scipy.sparse import hstack

    return hstack(features.transform(features.clean(texts)), format="csr") if texts else ()


def baseline_tokens(folder: Path) -> Reader:
    """For `lstm`: `tokens` int32 [1, n], or with n-grams int32 [1, n, 1 + GRAMS]."""
    from baselines.recipes.lstm import Lstm
    from baselines.sequences import SequenceTokenizer
    from baselines.subwords import hashed_ngrams

    config = _facts(folder)
    params = {**Lstm.defaults, **config["params"]}
    tokenizer = SequenceTokenizer.load(folder, config["normalization"], params["max_length"])
    spelled = hashed_ngrams(tokenizer, params)

    if spelled is None:
        return Reader(
            lambda texts: [{"pieces": np.array([ids], np.int32)} for ids in tokenizer.encode(texts)],
            tokenizer.truncation,
        )

    def read(texts: Sequence[str]) -> list[Inputs]:
        rows, unknown = spelled.encode(texts)
        both = (spelled.inputs(np.array([ids], np.int32), unknown) for ids in rows)
        return [{"pieces": np.concatenate([tokens[..., None], grams], axis=-1)} for tokens, grams in both]

    return Reader(read, tokenizer.truncation)


def encoder_tokens(folder: Path) -> Reader:
    """For `tinybert`: `tokens` int32 [1, n], special ones included."""
    from tf_tinybert.checkpoint import read_tokenizer
    from tf_tinybert.tokens import Encoder

    facts = _facts(folder)
    encoder = Encoder(read_tokenizer(folder), facts["normalization"], facts["max_length"])

    def read(texts: Sequence[str]) -> list[Inputs]:
        rows = encoder(texts)
        return [{"pieces": ids[None]} for ids in np.split(rows.flat, rows.starts[1:-1])] if texts else []

    return Reader(read, encoder.truncation)


def _facts(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return facts


READERS: dict[str, Callable[[Path], Reader]] = {
    "dnn": ngram_columns, "dnn-features": dense_features, "lstm": baseline_tokens, "tinybert": encoder_tokens,
}  # fmt: skip
FILES = {
    "dnn": ("vocabulary.json",), "dnn-features": ("vocabulary.json",), "lstm": ("tokenizer.json",),
    "tinybert": ("tokenizer.json",),
}  # fmt: skip
"""What a reader needs beside `model.json`."""
