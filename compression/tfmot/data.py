"""Batches for the recovery of a baseline's twin, made as its parent's were. Imported where TensorFlow is at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tensorflow as tf
import tf_keras

from baselines import dense, sequences, subwords
from baselines.artifact import ModelConfig, Weights, load_artifact
from baselines.criterion import targets
from baselines.recipes.dnn import Dnn
from baselines.recipes.lstm import Lstm
from baselines.training import Batches
from baselines.vectorize import TextFeatures
from bench.api import Params, Split
from compression.tfmot.twins import dense_twin, recurrent_twin

CHECKED = 256
"""Texts that are validated at once."""


class Base:
    """A `dnn` or an `lstm` that is to be made smaller: its arrays, its parameters, its twin, its batches."""

    config: ModelConfig
    weights: Weights
    params: Params

    def __init__(self, folder: Path) -> None:
        self.config, self.weights = load_artifact(folder)

    def twin(self, params: Params, sparse: bool) -> tf_keras.Model:
        """With the artifact's weights."""
        raise NotImplementedError

    def batches(self, split: Split, size: int, seed: int | None, sparse: bool) -> Batches:
        """Shuffled and with the parent's dropout of features where there is a seed."""
        raise NotImplementedError

    def shared_rows(self, name: str) -> int:
        """How many of the first rows of an array were one array in the twin."""
        return len(self.weights[name])


class DenseBase(Base):
    """A `dnn`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.params = {**Dnn.defaults, **self.config["params"]}
        self.features = TextFeatures.load(folder, self.weights, self.params, self.config["normalization"])

    def twin(self, params: Params, sparse: bool) -> tf_keras.Model:
        """Quantization supports no sparse input."""
        return dense_twin(self.weights, params, sparse)

    def batches(self, split: Split, size: int, seed: int | None, sparse: bool) -> Batches:
        """Sparse features, as the parent's."""
        from scipy.sparse import hstack

        matrix = hstack(self.features.transform(self.features.clean(split.texts)), format="csr")
        dropout = self.params["input_dropout"] if seed is not None else 0.0
        made = dense.sparse_batches(matrix, targets(split), size, seed, dropout)
        if sparse:
            return made
        return replace(made, epoch=lambda number: made.epoch(number).map(lambda x, y: (tf.sparse.to_dense(x), y)))


class RecurrentBase(Base):
    """An `lstm`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.params = {**Lstm.defaults, **self.config["params"]}
        self.tokenizer = sequences.SequenceTokenizer.load(
            folder, self.config["normalization"], self.params["max_length"]
        )
        self.ngrams = subwords.hashed_ngrams(self.tokenizer, self.params)

    def twin(self, params: Params, sparse: bool) -> tf_keras.Model:
        """With masks, for padded batches."""
        return recurrent_twin(self.weights, params)

    def batches(self, split: Split, size: int, seed: int | None, sparse: bool) -> Batches:
        """Texts of like length."""
        labels = targets(split)
        if self.ngrams is None:
            return sequences.bucketed(self.tokenizer.encode(split.texts), labels, size, seed)
        ids, unknown = self.ngrams.encode(split.texts)
        return sequences.bucketed(ids, labels, size, seed, self.ngrams.tensor_inputs(unknown))

    def shared_rows(self, name: str) -> int:
        """An LSTM's kernel has the input's rows over the recurrent ones, which are arrays of their own in the twin."""
        recurrent = name.endswith(("forward_kernel", "backward_kernel"))
        return len(self.weights[name]) - (self.params["units"] if recurrent else 0)


BASES: dict[str, type[Base]] = {"dnn": DenseBase, "lstm": RecurrentBase}
