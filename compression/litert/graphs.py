"""The graphs that are exported, one text at a time, from what is looked up in the text to logits.

Nothing is padded and nothing masked: a mask's huge numbers would leave 8 bits no room for the rest. Imported where
TensorFlow is at hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from baselines.artifact import load_artifact

BATCH = 1


@dataclass(frozen=True)
class Graph:
    """A function of tensors to logits float32 [1, n_labels], what it takes, and the variables that it reads."""

    function: Any
    signature: list[tf.TensorSpec]
    variables: list[tf.Variable]


def dense_graph(folder: Path) -> Graph:
    """Of `dnn`: the columns of the n-grams of a text, int32 [1, n], and their weights, float32 [1, n].

    The first layer is a look-up of the n-grams' rows of its kernel and their weighted sum: a dense product would read
    tens of thousands of rows, of which a tweet needs some hundred.
    """
    _, weights = load_artifact(folder)
    depth = sum(name.endswith(".kernel") for name in weights)
    (table, bias), *rest = [(weights[f"dense_{i}.kernel"], weights[f"dense_{i}.bias"]) for i in range(depth)]

    def logits(columns: Any, values: Any) -> Any:
        rows = tf.gather(tf.constant(table), columns)
        vector = tf.squeeze(tf.matmul(tf.expand_dims(values, 1), rows), 1) + bias
        for kernel, shift in rest:
            vector = tf.matmul(tf.nn.relu(vector), kernel) + shift
        return vector

    kinds = (("columns", tf.int32), ("values", tf.float32))
    return Graph(logits, [tf.TensorSpec((BATCH, None), kind, name=name) for name, kind in kinds], [])


def recurrent_graph(folder: Path) -> Graph:
    """Of `lstm`: token ids int32 [1, n], or with n-grams int32 [1, n, 1 + GRAMS].

    `BlockLSTM` is a kernel of TensorFlow alone; the LSTM of `tf_keras` with its gates in that order becomes LiteRT's
    own, `UNIDIRECTIONAL_SEQUENCE_LSTM`, which takes one text at a time.
    """
    from baselines.recipes.lstm import Lstm
    from compression.tfmot.twins import recurrent_twin

    config, weights = load_artifact(folder)
    twin = recurrent_twin(weights, {**Lstm.defaults, **config["params"]}, padded=False)
    return whole(twin)


def whole(model: Any) -> Graph:
    """A `tf_keras` model with one input, one row at a time."""
    (given,) = model.inputs
    spec = tf.TensorSpec((BATCH, *given.shape[1:]), given.dtype, name=given.name)
    return Graph(lambda rows: model(rows, training=False), [spec], list(model.variables))


def encoder_graph(folder: Path) -> Graph:
    """Of `tinybert`: token ids int32 [1, n]. The layers are the encoder's own, called without a mask."""
    from tf_tinybert.libraries import check_libraries

    check_libraries()
    import keras_hub

    from tf_tinybert.checkpoint import read_tensors
    from tf_tinybert.model import build_classifier, load_weights

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    model = build_classifier(config, len(facts["label_names"]), 0.0)
    load_weights(model, read_tensors(folder), config["num_hidden_layers"])
    (encoder,) = (part for part in model.layers if isinstance(part, keras_hub.models.BertBackbone))
    layer = encoder.get_layer

    def logits(tokens: Any) -> Any:
        embedded = layer("token_embedding")(tokens)
        segments = layer("segment_embedding")(tf.zeros_like(tokens))
        # The layer's own slice of its table would leave that in float32: LiteRT keeps 8 bits for look-ups.
        places = tf.gather(layer("position_embedding").position_embeddings, tf.range(tf.shape(tokens)[1]))
        states = layer("embeddings_layer_norm")(embedded + places + segments)
        for level in range(config["num_hidden_layers"]):
            states = layer(f"transformer_layer_{level}")(states)
        return model.get_layer("logits")(layer("pooled_dense")(states[:, 0]))

    spec = tf.TensorSpec((BATCH, None), tf.int32, name="pieces")
    return Graph(logits, [spec], [variable.value for variable in model.variables])


GRAPHS: dict[str, Callable[[Path], Graph]] = {
    "dnn": dense_graph, "lstm": recurrent_graph, "tinybert": encoder_graph,
}  # fmt: skip
