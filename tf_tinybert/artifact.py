"""The artifact: Hugging Face layout, which `transformers` reads as it is, and `model.json` with what serving needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from bench.api import Predictor, Probabilities, TokenIds, Truncation
from tf_tinybert.checkpoint import read_tensors, read_tokenizer
from tf_tinybert.presets import BertConfig, gelu_of
from tf_tinybert.tokens import Encoder, Inputs, padded
from tf_tinybert.weights import Arrays

SLICE = 32
"""Texts that go through the network at once."""
SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
CONFIG_KEYS = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size",
)  # fmt: skip


class ModelFacts(TypedDict):
    """What `model.json` holds, beside the encoder's normalization and length."""

    label_names: list[str]
    checkpoint: str
    pretrained: bool


def save_artifact(
    folder: Path, config: BertConfig, weights: Arrays, encoder: Encoder, facts: ModelFacts, dropout: float
) -> None:
    """Write configuration, weights (float32 safetensors), tokenizer, and `facts` (labels, where it started)."""
    from safetensors.numpy import save_file

    labels = dict(enumerate(facts["label_names"]))
    document = {key: value for key, value in config.items() if key in CONFIG_KEYS} | {
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", "dtype": "float32",
        "hidden_act": gelu_of(config), "layer_norm_eps": 1e-12, "pad_token_id": encoder.tokenizer.token_to_id("[PAD]"),
        "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout,
        "id2label": labels, "label2id": {name: number for number, name in labels.items()},
    }  # fmt: skip
    _write(folder / "config.json", document)
    save_file(dict(sorted(weights.items())), str(folder / "model.safetensors"), metadata={"format": "pt"})
    encoder.tokenizer.no_truncation()
    encoder.tokenizer.save(str(folder / "tokenizer.json"))
    card = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": encoder.max_length}
    _write(folder / "tokenizer_config.json", card | SPECIAL)
    own = {"normalization": encoder.normalization, "max_length": encoder.max_length}
    _write(folder / "model.json", {**facts, **own})


def load_artifact(folder: Path) -> TensorFlowPredictor:
    """What `save_artifact` wrote."""
    from tf_tinybert.model import build_classifier, load_weights

    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = build_classifier(config, len(facts["label_names"]), 0.0)
    tensors = read_tensors(folder)
    load_weights(model, tensors, config["num_hidden_layers"])
    encoder = Encoder(read_tokenizer(folder), facts["normalization"], facts["max_length"])
    return TensorFlowPredictor(encoder, frozen(model), tensors, len(facts["label_names"]))


def frozen(model: Any) -> Callable[[Inputs], Probabilities]:
    """The model as one graph with its weights as constants: its inputs to probabilities, traced once for any shape."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def probabilities(token_ids: Any, padding_mask: Any) -> Any:
        logits = model({"token_ids": token_ids, "padding_mask": padding_mask}, training=False)
        return tf.nn.softmax(tf.cast(logits, tf.float32))

    signature = [tf.TensorSpec((None, None), tf.int32, name=name) for name in ("token_ids", "padding_mask")]
    traced = tf.function(probabilities, input_signature=signature).get_concrete_function()
    graph = convert_variables_to_constants_v2(traced)
    return lambda inputs: graph(tf.constant(inputs["token_ids"]), tf.constant(inputs["padding_mask"]))[0].numpy()


class TensorFlowPredictor(Predictor):
    """Tokenizer, then the network as one frozen TensorFlow graph, float32."""

    runtime = "keras"

    def __init__(
        self,
        encoder: Encoder,
        forward: Callable[[Inputs], Probabilities],
        weights: Mapping[str, npt.NDArray[Any]],
        labels: int,
    ) -> None:
        self.encoder, self.forward, self.labels = encoder, forward, labels
        self.parameters = sum(w.size for w in weights.values())
        self.nonzero_parameters = sum(int(np.count_nonzero(w)) for w in weights.values())

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices of like length, and come back in order."""
        rows = self.encoder(texts)
        out = np.zeros((len(rows), self.labels), np.float32)
        order = np.argsort(rows.lengths, kind="stable")
        for start in range(0, len(order), SLICE):
            chosen = order[start : start + SLICE]
            out[chosen] = self.forward(_padded(rows, chosen))
        return out

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to padded token ids, these to probabilities."""
        return {"tokenize": self._tokenize, "forward": self.forward}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts."""
        return self.encoder.truncation(texts)

    def _tokenize(self, texts: Sequence[str]) -> Inputs:
        rows = self.encoder(texts)
        return _padded(rows, np.arange(len(rows)))


def _padded(rows: TokenIds, chosen: npt.NDArray[np.int64]) -> Inputs:
    return padded(rows, chosen, int(rows.lengths[chosen].max()))


def _write(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
