"""The weights of BERT by name, from Hugging Face's layout to the Keras encoder's and back. Numpy alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.api import BenchError

Weights = Mapping[str, npt.NDArray[np.floating]]
Arrays = dict[str, npt.NDArray[np.float32]]
EMBEDDINGS = {
    "token_embedding/embeddings": "embeddings.word_embeddings.weight",
    "position_embedding/embeddings": "embeddings.position_embeddings.weight",
    "segment_embedding/embeddings": "embeddings.token_type_embeddings.weight",
    "embeddings_layer_norm/gamma": "embeddings.LayerNorm.weight",
    "embeddings_layer_norm/beta": "embeddings.LayerNorm.bias",
}
NORMS = {"self_attention_layer_norm": "attention.output.LayerNorm", "feedforward_layer_norm": "output.LayerNorm"}
DENSE = {
    "self_attention_layer/query": ("attention.self.query", 1),
    "self_attention_layer/key": ("attention.self.key", 1),
    "self_attention_layer/value": ("attention.self.value", 1),
    "self_attention_layer/attention_output": ("attention.output.dense", 2),
    "feedforward_intermediate_dense": ("intermediate.dense", 1),
    "feedforward_output_dense": ("output.dense", 1),
}
"""Dense layers of a block: their name there, and how many axes of the Keras kernel are of its input."""


@dataclass(frozen=True)
class Pair:
    """One tensor under both names."""

    keras: str
    """The path of the Keras variable."""
    huggingface: str
    """The name in `BertModel`, without the prefix `bert.`."""
    input_axes: int = 0
    """Of a kernel: how many axes of the Keras variable are of the input (PyTorch keeps [output, input]); else 0."""

    def to_keras(self, value: npt.NDArray[np.floating], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """PyTorch's tensor as the Keras variable of that shape; heads are axes of their own there."""
        matrix = value.T if self.input_axes else value
        return np.ascontiguousarray(matrix, np.float32).reshape(shape)

    def to_huggingface(self, value: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """The Keras variable as PyTorch's tensor."""
        if self.input_axes:
            value = value.reshape(math.prod(value.shape[: self.input_axes]), -1).T
        elif self.huggingface.endswith("bias"):
            value = value.reshape(-1)
        return np.ascontiguousarray(value, np.float32)


def pairs(layers: int) -> Iterator[Pair]:
    """Every tensor of an encoder with so many layers, its pooler, and the classifier."""
    for keras, huggingface in EMBEDDINGS.items():
        yield Pair(keras, huggingface)
    for i in range(layers):
        layer, hf_layer = f"transformer_layer_{i}/", f"encoder.layer.{i}."
        for keras, huggingface in NORMS.items():
            yield Pair(f"{layer}{keras}/gamma", f"{hf_layer}{huggingface}.weight")
            yield Pair(f"{layer}{keras}/beta", f"{hf_layer}{huggingface}.bias")
        for keras, (huggingface, axes) in DENSE.items():
            yield from _dense(layer + keras, hf_layer + huggingface, axes)
    yield from _dense("pooled_dense", "pooler.dense", 1)
    yield from _dense("logits", "classifier", 1)


def _dense(keras: str, huggingface: str, axes: int) -> Iterator[Pair]:
    yield Pair(f"{keras}/kernel", f"{huggingface}.weight", axes)
    yield Pair(f"{keras}/bias", f"{huggingface}.bias")


def to_keras(tensors: Weights, shapes: Mapping[str, tuple[int, ...]], layers: int, new: tuple[str, ...]) -> Arrays:
    """Arrays by Keras path of what `tensors` (Hugging Face names) hold; `shapes` are those of the Keras variables.

    What begins with one of `new` may be missing. Raises `BenchError` for any other tensor that is missing or does not
    fit.
    """
    arrays: Arrays = {}
    for pair in pairs(layers):
        value = tensors.get(pair.huggingface)
        if value is not None and value.size == math.prod(shapes[pair.keras]):
            arrays[pair.keras] = pair.to_keras(value, shapes[pair.keras])
        elif not pair.huggingface.startswith(new):
            state = "is missing" if value is None else f"is {list(value.shape)}"
            raise BenchError(
                f"the weights are not those of the BERT in config.json: tensor '{pair.huggingface}' {state}, "
                f"{math.prod(shapes[pair.keras]):,} numbers are expected"
            )
    return arrays


def to_huggingface(arrays: Weights, layers: int) -> Arrays:
    """The tensors of `BertForSequenceClassification` from arrays by Keras path."""
    tensors = {}
    for pair in pairs(layers):
        prefix = "" if pair.huggingface.startswith("classifier") else "bert."
        tensors[prefix + pair.huggingface] = pair.to_huggingface(arrays[pair.keras])
    return tensors
