"""The classifier: KerasHub's BERT encoder, its pooler, dropout, logits. Imported where TensorFlow is at hand."""

from __future__ import annotations

from typing import Any

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tf_tinybert.presets import BertConfig, gelu_of
from tf_tinybert.weights import Arrays, Weights, to_huggingface, to_keras

POOLER = ("pooler.", "classifier.")
"""What is new after masked-language pretraining."""
ALL = ("",)
"""Every tensor: the start from random weights."""
DEVIATION = 0.02


class Classifier(keras.Model):
    """A Keras model that `fit` trains alike under every strategy; it must be whole, with its optimizer built, before.

    What Keras 3 does in these two places fails with several processes (it reduces the loss, a number, over an axis) and
    with several steps at one go under a strategy, and to build the model it looks at a batch, which leaves traces in
    the mean of the loss. Data must have no end.
    """

    train_function: Any

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing is left to build: the graph is functional, and `training` builds the optimizer."""

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of a replica; the mean of the loss over all of them."""
        context = tf.distribute.get_replica_context()
        return {name: context.all_reduce("MEAN", value) for name, value in super().train_step(data).items()}

    def make_train_function(self, force: bool = False) -> Any:
        """From an iterator to the logs after `steps_per_execution` steps."""
        if self.train_function is not None and not force:
            return self.train_function
        strategy = self.distribute_strategy
        on_replicas = tf.function(
            lambda data: strategy.run(self.train_step, args=(data,)),
            autograph=False, jit_compile=self.jit_compile, reduce_retracing=True,
        )  # fmt: skip

        def step(iterator: Any) -> dict[str, Any]:
            logs = on_replicas(next(iterator))
            return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

        one = tf.autograph.experimental.do_not_convert(step)

        def steps(iterator: Any) -> Any:
            logs = one(iterator)
            for _ in tf.range(self.steps_per_execution - 1):
                logs = one(iterator)
            return logs

        self.train_function = tf.function(steps)
        return self.train_function


def build_classifier(config: BertConfig, labels: int, dropout: float) -> Classifier:
    """`token_ids` and `padding_mask`, int32 [batch, time], to logits float32 [batch, labels].

    `config` is BERT's, by Hugging Face's names. As there, the logits are those of the first token's last state, through
    a dense layer with tanh.
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
    if gelu_of(config) == "gelu":  # KerasHub has the tanh approximation alone; layers are called again below
        for layer in encoder.transformer_layers:
            layer._feedforward_intermediate_dense.activation = keras.activations.gelu
    ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = keras.Input((None,), dtype="int32", name="padding_mask")
    states = encoder({"token_ids": ids, "segment_ids": ops.zeros_like(ids), "padding_mask": mask})
    pooled = layers.Dropout(dropout, name="head_dropout")(states["pooled_output"])
    logits = layers.Dense(labels, dtype="float32", name="logits")(pooled)
    return Classifier(inputs={"token_ids": ids, "padding_mask": mask}, outputs=logits, name="bert_classifier")


def load_weights(model: keras.Model, tensors: Weights, layers: int, new: tuple[str, ...] = (), seed: int = 0) -> None:
    """Put Hugging Face's `tensors` into `model`.

    A kernel or an embedding whose name there begins with one of `new` and for which there is nothing gets random
    numbers of `seed` (normal, 0.02 as in BERT), the same under every strategy; what else is new stays as it was built.
    """
    variables = {v.path: v for v in model.trainable_variables}
    arrays = to_keras(tensors, {path: tuple(v.shape) for path, v in variables.items()}, layers, new)
    random = np.random.default_rng(seed)
    for path, variable in variables.items():
        if path in arrays:
            variable.assign(arrays[path])
        elif variable.name.endswith(("kernel", "embeddings")):
            variable.assign(random.normal(0.0, DEVIATION, variable.shape).astype(np.float32))


def read_weights(model: keras.Model, layers: int) -> Arrays:
    """The tensors of `BertForSequenceClassification`, float32."""
    return to_huggingface({v.path: keras.ops.convert_to_numpy(v) for v in model.trainable_variables}, layers)
