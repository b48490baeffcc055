"""The dense classifier over sparse features and its batches. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from baselines.training import Batches

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def build_dense(features: int, widths: list[int], labels: int, dropout: float) -> keras.Model:
    """Sparse features float32 [batch, features] to logits float32 [batch, labels], through ReLU layers of `widths`."""
    inputs = vector = keras.Input((features,), dtype="float32", sparse=True, name="features")
    for level, width in enumerate(widths):
        vector = layers.Dense(width, activation="relu", kernel_initializer="he_normal", name=f"dense_{level}")(vector)
        vector = layers.Dropout(dropout)(vector)
    logits = layers.Dense(labels, dtype="float32", name=f"dense_{len(widths)}")(vector)
    return keras.Model(inputs, logits, name="dnn")


def sparse_batches(
    matrix: csr_matrix,
    targets: npt.NDArray[np.float32],
    batch_size: int,
    seed: int | None = None,
    dropout: float = 0.0,
) -> Batches:
    """Batches that stay sparse, so that memory grows with the n-grams of a text and not with the vocabulary.

    `targets` has a row for each text.

    With a seed, rows are in another order in each epoch, and a share `dropout` of their n-grams is left out.
    """
    rows = matrix.shape[0]

    def generate(number: Any) -> Iterator[tuple[Any, Any]]:
        random = np.random.default_rng(None if seed is None else [seed, int(number)])
        order = np.arange(rows) if seed is None else random.permutation(rows)
        for start in range(0, rows, batch_size):
            chosen = order[start : start + batch_size]
            batch = matrix[chosen]
            if dropout:
                batch.data *= (random.random(len(batch.data)) >= dropout) / (1.0 - dropout)
            batch.sort_indices()
            cells = batch.tocoo()
            places = np.stack([cells.row, cells.col], axis=1).astype(np.int64)
            yield tf.SparseTensor(places, cells.data.astype(np.float32), batch.shape), targets[chosen]

    signature = (
        tf.SparseTensorSpec((None, matrix.shape[1]), tf.float32),
        tf.TensorSpec((None, targets.shape[1]), tf.float32),
    )

    def epoch(number: Any) -> tf.data.Dataset:
        return tf.data.Dataset.from_generator(generate, args=(number,), output_signature=signature)

    return Batches(epoch, rows, -(-rows // batch_size))
