"""The Keras baselines built again in `tf_keras`, the only Keras that TensorFlow Model Optimization supports.

Weights cross by name, from the arrays of an artifact to the twin and back. Imported where TensorFlow is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tf_keras
from tf_keras import layers

from baselines.artifact import Weights
from baselines.recurrent import PAD_ID
from baselines.subwords import GRAMS
from bench.api import Params

GATES = (0, 2, 1, 3)
"""Places of the gates i, f, c, o of Keras among the artifact's i, c, f, o; and the other way round."""
FAR = -1e9
"""Added to what stands for padding: neither a maximum nor a softmax sees it any more."""


def dense_twin(weights: Weights, params: Params, sparse: bool = True) -> tf_keras.Model:
    """Of `dnn`: features float32 [batch, features], sparse or dense, to logits [batch, labels]; dropout of `params`."""
    kernels = [weights[f"dense_{i}.kernel"] for i in range(sum(name.endswith(".kernel") for name in weights))]
    inputs = vector = tf_keras.Input((kernels[0].shape[0],), dtype="float32", sparse=sparse, name="features")
    for level, kernel in enumerate(kernels[:-1]):
        vector = layers.Dense(kernel.shape[1], activation="relu", name=f"dense_{level}")(vector)
        vector = layers.Dropout(params["dropout"])(vector)
    logits = layers.Dense(kernels[-1].shape[1], name=f"dense_{len(kernels) - 1}")(vector)
    return _filled(tf_keras.Model(inputs, logits, name="dnn"), weights)


def recurrent_twin(weights: Weights, params: Params, padded: bool = True) -> tf_keras.Model:
    """Of `lstm`: what `baselines.recurrent.build_recurrent` takes, to logits [batch, labels].

    Without `padded` it takes one text at a time, whose tokens are all real: int32 [1, time] or, with n-grams, [1, time,
    1 + GRAMS] (the token, then its n-grams). There is no mask, whose huge numbers would leave int8 no room.
    """
    tokens, grams, inputs = _inputs(params["char_ngrams"] != "none", padded)
    mask = tf.not_equal(tokens, PAD_ID) if padded else None
    table = weights["embedding/embeddings"]
    steps = layers.Embedding(*table.shape, name="embedding")(tokens)
    if grams is not None:
        steps = steps + _mean(grams, *weights["ngram_embedding/embeddings"].shape)
    steps = layers.SpatialDropout1D(params["embedding_dropout"])(steps)
    steps = layers.Dropout(params["word_dropout"], noise_shape=(None, None, 1))(steps)
    for level in range(params["depth"]):
        steps = _bidirectional(f"lstm_{level}", params["units"], steps, mask)
        steps = layers.SpatialDropout1D(params["recurrent_dropout"])(steps)
    pooled = [_pool(kind, steps, mask) for kind in params["pooling"].split("+")]
    vector = layers.Dropout(params["dropout"])(tf.concat(pooled, axis=-1))
    if params["hidden"]:
        vector = layers.Dense(params["hidden"], activation="relu", name="hidden")(vector)
        vector = layers.Dropout(params["dropout"])(vector)
    logits = layers.Dense(weights["logits/bias"].size, name="logits")(vector)
    return _filled(tf_keras.Model(inputs, logits, name="lstm"), weights)


def _inputs(spelled: bool, padded: bool) -> tuple[Any, Any, Any]:
    """Tokens [batch, time], their n-grams [batch, time, GRAMS] or None, and the inputs of the model."""
    if padded:
        tokens = tf_keras.Input((None,), dtype="int32", name="pieces")
        grams = tf_keras.Input((None, GRAMS), dtype="int32", name="ngrams") if spelled else None
        return tokens, grams, [tokens, grams] if spelled else tokens
    if not spelled:
        tokens = tf_keras.Input((None,), batch_size=1, dtype="int32", name="pieces")
        return tokens, None, tokens
    both = tf_keras.Input((None, 1 + GRAMS), batch_size=1, dtype="int32", name="pieces")
    return both[:, :, 0], both[:, :, 1:], both


def _mean(grams: Any, buckets: int, width: int) -> Any:
    vectors = layers.Embedding(buckets, width, name="ngram_embedding")(grams)
    real = tf.cast(tf.not_equal(grams, 0), tf.float32)
    count = tf.maximum(tf.reduce_sum(real, axis=-1, keepdims=True), 1.0)
    return tf.reduce_sum(vectors * tf.expand_dims(real / count, -1), axis=2)


def _bidirectional(name: str, units: int, steps: Any, mask: Any) -> Any:
    """Padding on the right comes first in the backward direction: a masked step leaves the state at zero."""
    forward = layers.LSTM(units, return_sequences=True, name=f"{name}/forward")(steps, mask=mask)
    backward = layers.LSTM(units, return_sequences=True, go_backwards=True, name=f"{name}/backward")
    return tf.concat([forward, tf.reverse(backward(steps, mask=mask), axis=[1])], axis=-1)


def _pool(kind: str, steps: Any, mask: Any) -> Any:
    """As `baselines.recurrent.MaskedPooling`; without a mask every step is real."""
    away = 0.0 if mask is None else tf.expand_dims(1.0 - tf.cast(mask, tf.float32), -1) * FAR
    if kind == "max":
        return tf.reduce_max(steps + away, axis=1)
    if kind == "attention":
        hidden = layers.Dense(64, activation="tanh", name="attention/hidden")(steps)
        scores = layers.Dense(1, use_bias=False, name="attention/query")(hidden)
        return tf.reduce_sum(tf.nn.softmax(scores + away, axis=1) * steps, axis=1)
    if mask is None:
        return tf.reduce_mean(steps, axis=1)
    real = tf.expand_dims(tf.cast(mask, tf.float32), -1)
    return tf.reduce_sum(steps * real, axis=1) / tf.reduce_sum(real, axis=1)


def _filled(model: tf_keras.Model, weights: Weights) -> tf_keras.Model:
    for layer in model.layers:
        for variable, value in _crossing(layer, weights):
            variable.assign(value)
    return model


def read_weights(model: tf_keras.Model) -> Weights:
    """The arrays of a twin, under the names that the artifact has for them."""
    separator = "." if model.name == "dnn" else "/"
    arrays: Weights = {}
    for layer in model.layers:
        if isinstance(layer, layers.LSTM):
            cell = layer.cell
            both = np.concatenate([cell.kernel.numpy(), cell.recurrent_kernel.numpy()])
            name, _, direction = layer.name.partition("/")
            arrays[f"{name}/{direction}_kernel"] = _regated(both)
            arrays[f"{name}/{direction}_bias"] = _regated(cell.bias.numpy())
        else:
            arrays |= {f"{layer.name}{separator}{part}": v.numpy() for part, v in _parts(layer)}
    return arrays


def _crossing(layer: Any, weights: Weights) -> Iterator[tuple[Any, npt.NDArray[np.float32]]]:
    """Each variable of a layer with what the artifact has for it."""
    if isinstance(layer, layers.LSTM):
        name, _, direction = layer.name.partition("/")
        both = _regated(weights[f"{name}/{direction}_kernel"])
        features = len(both) - layer.units
        yield layer.cell.kernel, both[:features]
        yield layer.cell.recurrent_kernel, both[features:]
        yield layer.cell.bias, _regated(weights[f"{name}/{direction}_bias"])
        return
    for part, variable in _parts(layer):
        yield variable, weights[f"{layer.name}{'.' if f'{layer.name}.{part}' in weights else '/'}{part}"]


def _parts(layer: Any) -> Iterator[tuple[str, Any]]:
    for part in ("kernel", "bias", "embeddings"):
        variable = getattr(layer, part, None)
        if variable is not None:
            yield part, variable


def _regated(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The last axis with its four gates in the other order."""
    return np.concatenate([np.split(array, 4, axis=-1)[gate] for gate in GATES], axis=-1)
