"""The classifier: KerasHub's BERT encoder, its pooler, dropout, logits. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import keras_hub
from keras import layers, ops

from tf_tinybert.weights import Weights, to_huggingface, to_keras

HEAD = ("classifier.",)
POOLER = ("pooler.", *HEAD)
"""What masked-language modelling does not teach: both start from random numbers there."""


def build_classifier(config: Mapping[str, Any], labels: int, dropout: float) -> keras.Model:
    """`token_ids` and `padding_mask`, int32 [batch, time], to logits float32 [batch, labels].

    `config` is BERT's in Hugging Face's words. As there, the logits are those of the first piece's last state, through
    a dense layer with tanh. GELU is the tanh approximation, the one that the encoder has.
    """
    encoder = keras_hub.models.BertBackbone(
        vocabulary_size=config["vocab_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        hidden_dim=config["hidden_size"],
        intermediate_dim=config["intermediate_size"],
        dropout=dropout,
        max_sequence_length=config["max_position_embeddings"],
        num_segments=config["type_vocab_size"],
    )
    ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = keras.Input((None,), dtype="int32", name="padding_mask")
    states = encoder({"token_ids": ids, "segment_ids": ops.zeros_like(ids), "padding_mask": mask})
    pooled = layers.Dropout(dropout, name="head_dropout")(states["pooled_output"])
    initial = keras.initializers.TruncatedNormal(stddev=0.02)
    logits = layers.Dense(labels, kernel_initializer=initial, dtype="float32", name="logits")(pooled)
    return keras.Model({"token_ids": ids, "padding_mask": mask}, logits, name="bert_classifier")


def load_weights(model: keras.Model, tensors: Weights, layers: int, new: tuple[str, ...] = ()) -> set[str]:
    """Put Hugging Face's `tensors` into `model`; the paths of the variables that were filled.

    Those whose names there begin with one of `new` keep their random numbers where there is nothing for them.
    """
    variables = {v.path: v for v in _parameters(model)}
    arrays = to_keras(tensors, {path: tuple(v.shape) for path, v in variables.items()}, layers, new)
    for path, value in arrays.items():
        variables[path].assign(value)
    return set(arrays)


def read_weights(model: keras.Model, layers: int) -> Weights:
    """The tensors of `BertForSequenceClassification`, float32."""
    return to_huggingface({v.path: keras.ops.convert_to_numpy(v) for v in _parameters(model)}, layers)


def _parameters(model: keras.Model) -> list[keras.Variable]:
    """What is learned: without the states of dropout."""
    return list(model.trainable_variables)
