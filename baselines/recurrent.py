"""The recurrent classifier: embedding, bidirectional LSTM, pooling, logits. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers, ops

from baselines.subwords import GRAMS, mean_embedding
from bench.api import BenchError, Params, did_you_mean

PACKAGE = "sentibench"
POOLINGS = ("attention", "max", "mean")
PAD_ID = 0
"""The token that fills a short text up; it never stands inside of one."""


@keras.saving.register_keras_serializable(PACKAGE)
class BidirectionalLSTM(layers.Layer):
    """Two LSTMs, one over each direction: float [batch, time, features] to float [batch, time, 2 × units].

    Each direction is one fused kernel (`BlockLSTM`) in place of the loop over time steps that Keras runs on a CPU,
    which spends more on dispatching than on computing for a single text. The kernel takes float32 only, whatever the
    precision around it. `BlockLSTMV2` must not be used: TensorFlow registers the gradient of the first version for it,
    whose gates stand in another order. Texts are padded on the right; each is reversed within its own length.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        """One kernel (input rows over recurrent ones) and one bias a direction; gates in the order i, c, f, o."""
        features = input_shape[-1]
        self.kernels, self.biases = [], []
        for direction in ("forward", "backward"):
            self.kernels.append(
                self.add_weight(
                    name=f"{direction}_kernel",
                    shape=(features + self.units, 4 * self.units),
                    initializer="glorot_uniform",
                )
            )
            self.biases.append(
                self.add_weight(name=f"{direction}_bias", shape=(4 * self.units,), initializer=_forget_bias)
            )

    def call(self, inputs: Any, lengths: Any) -> Any:
        """`lengths` int32 [batch]: how many steps of each text are real."""
        steps = tf.transpose(tf.cast(inputs, tf.float32), (1, 0, 2))
        lengths = tf.cast(lengths, tf.int32)
        forward = self._run(steps, 0)
        backward = self._run(_reverse(steps, lengths), 1)
        both = tf.concat([forward, _reverse(backward, lengths)], axis=-1)
        return tf.cast(tf.transpose(both, (1, 0, 2)), self.compute_dtype)

    def _run(self, steps: Any, direction: int) -> Any:
        kernel = tf.cast(self.kernels[direction], tf.float32)
        bias = tf.cast(self.biases[direction], tf.float32)
        zeros = tf.zeros((tf.shape(steps)[1], self.units))
        no_peephole = tf.zeros((self.units,))
        return tf.raw_ops.BlockLSTM(
            seq_len_max=tf.cast(tf.shape(steps)[0], tf.int64),
            x=steps,
            cs_prev=zeros,
            h_prev=zeros,
            w=kernel,
            b=bias,
            wci=no_peephole,
            wcf=no_peephole,
            wco=no_peephole,
            forget_bias=0.0,
            cell_clip=0.0,
            use_peephole=False,
        ).h

    def compute_output_shape(self, inputs_shape: Any, lengths_shape: Any = None) -> Any:
        """[batch, time, 2 × units]."""
        return (*inputs_shape[:-1], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "units": self.units}


def _reverse(steps: Any, lengths: Any) -> Any:
    return tf.reverse_sequence(steps, lengths, seq_axis=0, batch_axis=1)


def _forget_bias(shape: Any, dtype: Any = None) -> Any:
    """Zeros, but ones for the forget gate (Jozefowicz et al., 2015), the third of the kernel's four."""
    return ops.repeat(ops.convert_to_tensor([0.0, 0.0, 1.0, 0.0], dtype=dtype or "float32"), shape[0] // 4)


@keras.saving.register_keras_serializable(PACKAGE)
class MaskedPooling(layers.Layer):
    """One vector a text, float [batch, features], from its real steps: their maximum, mean or attention-weighted sum.

    Attention is additive with one learned query (Yang et al., "Hierarchical Attention Networks", 2016).
    """

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.hidden = layers.Dense(64, activation="tanh", name="hidden") if kind == "attention" else None
        self.query = layers.Dense(1, use_bias=False, name="query") if kind == "attention" else None

    def call(self, steps: Any, mask: Any) -> Any:
        """`mask` bool [batch, time]: the real steps, at least one in each text."""
        steps = ops.cast(steps, "float32")
        real = ops.expand_dims(ops.cast(mask, "float32"), -1)
        hidden_away = (1.0 - real) * -1e9
        if self.kind == "max":
            return ops.cast(ops.max(steps + hidden_away, axis=1), self.compute_dtype)
        if self.hidden is not None and self.query is not None:
            scores = ops.cast(self.query(self.hidden(steps)), "float32") + hidden_away
            weights = ops.softmax(scores, axis=1)
        else:
            weights = real / ops.sum(real, axis=1, keepdims=True)
        return ops.cast(ops.sum(weights * steps, axis=1), self.compute_dtype)

    def compute_output_shape(self, steps_shape: Any, mask_shape: Any = None) -> Any:
        """[batch, features]."""
        return (steps_shape[0], steps_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "kind": self.kind}


def check(params: Params) -> None:
    """A `BenchError` for an unknown `pooling`."""
    for kind in params["pooling"].split("+"):
        if kind not in POOLINGS:
            raise BenchError(f"pooling={params['pooling']}: '{kind}' is unknown; {did_you_mean(kind, POOLINGS)}")


def build_recurrent(vocabulary: int, labels: int, params: Params) -> keras.Model:
    """Token ids int32 [batch, time], padded with 0 on the right, to logits float32 [batch, labels].

    Unless `char_ngrams` is `none`, the ids of n-grams int32 [batch, time, GRAMS] are a second input, 0 for none: the
    mean of their vectors, of which there are `ngram_buckets`, is added to that of the token.

    `params`: `embedding` (width), `units` (each direction), `depth`, `pooling` (kinds joined by `+`), `hidden` (width
    of the dense layer, 0 for none), and the dropouts `word_dropout` (whole tokens), `embedding_dropout` and
    `recurrent_dropout` (whole channels), `dropout`.
    """
    ids = keras.Input((None,), dtype="int32", name="pieces")
    mask = ops.not_equal(ids, PAD_ID)
    lengths = ops.sum(ops.cast(mask, "int32"), axis=1)
    steps = layers.Embedding(vocabulary, params["embedding"], name="embedding")(ids)
    inputs = [ids]
    if params["char_ngrams"] != "none":
        inputs.append(keras.Input((None, GRAMS), dtype="int32", name="ngrams"))
        steps = steps + mean_embedding(inputs[1], params["ngram_buckets"], params["embedding"])
    steps = layers.SpatialDropout1D(params["embedding_dropout"])(steps)
    steps = layers.Dropout(params["word_dropout"], noise_shape=(None, None, 1))(steps)
    for level in range(params["depth"]):
        steps = BidirectionalLSTM(params["units"], name=f"lstm_{level}")(steps, lengths)
        steps = layers.SpatialDropout1D(params["recurrent_dropout"])(steps)
    pooled = [MaskedPooling(kind, name=kind)(steps, mask) for kind in params["pooling"].split("+")]
    vector = layers.Concatenate()(pooled) if len(pooled) > 1 else pooled[0]
    vector = layers.Dropout(params["dropout"])(vector)
    if params["hidden"]:
        vector = layers.Dense(params["hidden"], activation="relu", name="hidden")(vector)
        vector = layers.Dropout(params["dropout"])(vector)
    logits = layers.Dense(labels, dtype="float32", name="logits")(vector)
    return keras.Model(inputs if len(inputs) > 1 else ids, logits, name="lstm")


def frozen(
    model: keras.Model, multi_label: bool = False
) -> Callable[[tuple[npt.NDArray[np.int32], ...]], npt.NDArray[np.float32]]:
    """The model as one graph with its weights as constants: its inputs to probabilities, any shape, traced once."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def probabilities(*inputs: Any) -> Any:
        logits = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        return (tf.nn.sigmoid if multi_label else tf.nn.softmax)(tf.cast(logits, tf.float32))

    signature = [tf.TensorSpec(tensor.shape, tf.int32) for tensor in model.inputs]
    graph = convert_variables_to_constants_v2(
        tf.function(probabilities, input_signature=signature).get_concrete_function()
    )
    return lambda inputs: graph(*map(tf.constant, inputs))[0].numpy()
