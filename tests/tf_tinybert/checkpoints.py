"""A small BERT with random weights in Hugging Face layout, written without any framework."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tests.baselines.sentences import split
from tf_tinybert.weights import pairs

LAYERS, HIDDEN, HEADS, INTERMEDIATE, POSITIONS = 2, 32, 2, 48, 64
CONFIG = {
    "model_type": "bert", "num_hidden_layers": LAYERS, "hidden_size": HIDDEN, "num_attention_heads": HEADS,
    "intermediate_size": INTERMEDIATE, "max_position_embeddings": POSITIONS, "type_vocab_size": 2,
    "hidden_act": "gelu", "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0, "architectures": ["BertModel"],
}  # fmt: skip
SHAPES = {
    "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
    "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    "intermediate.dense.weight": (INTERMEDIATE, HIDDEN),
    "intermediate.dense.bias": (INTERMEDIATE,),
    "output.dense.weight": (HIDDEN, INTERMEDIATE),
    "attention.output.dense.weight": (HIDDEN, HIDDEN),
    "LayerNorm.weight": (HIDDEN,),
    "weight": (HIDDEN, HIDDEN),
    "bias": (HIDDEN,),
}
"""By the end of a name; the longest end that fits counts."""


def write_checkpoint(folder: Path) -> Path:
    """The same at every call; as `BertModel` saves it, without a head."""
    folder.mkdir(parents=True)
    words = sorted({word for text in split(600, 7).texts for word in re.findall(r"\w+|[^\w\s]", text.lower())})
    letters = [letter for letter in "abcdefghijklmnopqrstuvwxyz0123456789" if letter not in words]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *letters, *(f"##{i}" for i in "aeiou")]
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    size = len(tokens)
    (folder / "config.json").write_text(json.dumps(CONFIG | {"vocab_size": size}))
    random = np.random.default_rng(1)
    tensors = {}
    for name in (pair.huggingface for pair in pairs(LAYERS)):
        if name.startswith("classifier"):
            continue
        shape = (size, HIDDEN) if "word_embeddings" in name else SHAPES[max(_ends(name), key=len)]
        values = random.normal(0, 0.2 if len(shape) == 2 else 0.05, shape)
        tensors[name] = (values + name.endswith("LayerNorm.weight")).astype(np.float32)
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return folder


def _ends(name: str) -> list[str]:
    return [end for end in SHAPES if name.endswith(end)]
