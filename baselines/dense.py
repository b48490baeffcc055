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


def build_dense(features: int, widths: list[int], labels: int, input_dropout: float, dropout: float) -> keras.Model:
    """Features float32 [batch, features] to logits float32 [batch, labels], through ReLU layers of `widths`."""
    inputs = keras.Input((features,), dtype="float32", name="features")
    vector = layers.Dropout(input_dropout)(inputs)
    for level, width in enumerate(widths):
        vector = layers.Dense(width, activation="relu", kernel_initializer="he_normal", name=f"dense_{level}")(vector)
        vector = layers.Dropout(dropout)(vector)
    logits = layers.Dense(labels, dtype="float32", name=f"dense_{len(widths)}")(vector)
    return keras.Model(inputs, logits, name="dnn")


def dense_batches(
    matrix: csr_matrix, labels: npt.NDArray[np.int64], n_labels: int, batch_size: int, seed: int | None
) -> Batches:
    """Batches made dense one at a time; with a seed, the rows are shuffled anew each epoch before batching."""
    rows = matrix.shape[0]
    steps = -(-rows // batch_size)
    shuffler = np.random.default_rng(seed)
    one_hot = np.eye(n_labels, dtype=np.float32)

    def generate() -> Iterator[tuple[Any, Any]]:
        order = np.arange(rows) if seed is None else shuffler.permutation(rows)
        for start in range(0, rows, batch_size):
            chosen = order[start : start + batch_size]
            yield matrix[chosen].toarray(), one_hot[labels[chosen]]

    signature = (tf.TensorSpec((None, matrix.shape[1]), tf.float32), tf.TensorSpec((None, n_labels), tf.float32))
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    return Batches(dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2), rows, steps)
