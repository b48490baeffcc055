"""A checkpoint of BERT in Hugging Face layout: configuration, weights as numpy arrays, tokenizer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.api import BenchError, refuse_code
from tf_tinybert.presets import DROPOUT, Architecture, BertConfig, Origin, read_config
from transformers_pt.weights.catalog import CATALOG
from transformers_pt.weights.place import verified

Tensors = dict[str, npt.NDArray[Any]]
PATTERNS = ("config.json", "*.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
"""What is fetched of a model on the hub: no pickle."""
PICKLES = ("pytorch_model.bin", "model.bin")
RENAMED = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
"""As weights that were converted from the first TensorFlow release are called."""


@dataclass(frozen=True)
class Checkpoint:
    """What a training starts from; `tensors` is None where it starts from random weights."""

    config: BertConfig
    """By Hugging Face's names, of the shape that is built."""
    tokenizer: Any
    tensors: Tensors | None


def open_checkpoint(origin: Origin) -> Checkpoint:
    """Read what `origin` names.

    Raises `BenchError` for a hub name that cannot be reached, for weights that are a pickle, are broken or are not of
    BERT, for a configuration that names code, and for a tokenizer with more tokens than the weights have rows.
    """
    folder = verified(origin.source) if origin.source in CATALOG else origin.folder or download(origin.source)
    refuse_code(folder)
    config = read_config(folder)
    shape = origin.architecture or Architecture.of(config)
    if origin.pretrained and shape != Architecture.of(config):
        raise BenchError(f"checkpoint {origin.name} is {Architecture.of(config)}, not {shape}: leave architecture out")
    tokenizer = read_tokenizer(folder)
    tokens, rows = tokenizer.get_vocab_size(), int(config["vocab_size"])
    if tokens > rows:
        raise BenchError(
            f"the tokenizer of {origin.name} has {tokens:,} tokens, its weights only {rows:,} rows: "
            "they do not belong together"
        )
    if shape != Architecture.of(config):
        config = {
            **config,
            "num_hidden_layers": shape.layers, "hidden_size": shape.hidden, "num_attention_heads": shape.heads,
            "intermediate_size": shape.intermediate, "hidden_dropout_prob": DROPOUT,
        }  # fmt: skip
    tensors = None
    if origin.pretrained:  # a head for other labels is left behind
        tensors = {name: value for name, value in read_tensors(folder).items() if not name.startswith("classifier.")}
    return Checkpoint(config, tokenizer, tensors)


def download(name: str) -> Path:
    """The folder of a model of the hub, from its cache or fetched now; a `BenchError` says how to bring it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE

    try:
        return Path(snapshot_download(name, allow_patterns=list(PATTERNS)))
    except Exception as error:
        raise BenchError(
            f"checkpoint {name}: not in the cache {HF_HUB_CACHE}, and not to be had from the hub "
            f"({type(error).__name__}); run `hf download {name}` where there is a network, copy the folder here and "
            "give its path"
        ) from None


def read_tensors(folder: Path) -> Tensors:
    """Every tensor of a folder's safetensors, float32, under the names that `BertModel` has."""
    from safetensors.numpy import load_file

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise BenchError(_no_weights(folder))
    try:
        loaded = {name: value for file in files for name, value in load_file(str(file)).items()}
    except Exception as error:
        raise BenchError(f"the weights of {folder} cannot be read: {' '.join(str(error).split())[:200]}") from None
    return {_bert_name(name): np.asarray(value, np.float32) for name, value in loaded.items()}


def read_tokenizer(folder: Path) -> Any:
    """The `tokenizers.Tokenizer` of a folder: its `tokenizer.json`, or WordPiece over its `vocab.txt`."""
    from tokenizers import BertWordPieceTokenizer, Tokenizer

    if (folder / "tokenizer.json").is_file():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    elif (folder / "vocab.txt").is_file():
        card = folder / "tokenizer_config.json"
        lower = json.loads(card.read_text(encoding="utf-8")).get("do_lower_case", True) if card.is_file() else True
        wordpiece = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=lower)
        tokenizer = Tokenizer.from_str(wordpiece.to_str())
    else:
        raise BenchError(f"checkpoint {folder} has no tokenizer: save tokenizer.json or vocab.txt beside the weights")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if tokenizer.encode("a").ids[:1] != [tokenizer.token_to_id("[CLS]")]:
        raise BenchError(f"the tokenizer of {folder} does not begin a text with [CLS], as BERT's does")
    return tokenizer


def _bert_name(name: str) -> str:
    for old, new in RENAMED.items():
        name = name.replace(old, new)
    return name.removeprefix("bert.")


def _no_weights(folder: Path) -> str:
    pickles = [name for name in PICKLES if (folder / name).is_file()]
    if not pickles:
        return f"checkpoint {folder} has no weights: model.safetensors is missing"
    return (
        f"checkpoint {folder} holds its weights as a pickle ({pickles[0]}), which may run code when it is read: "
        "convert it with transformers' save_pretrained, which writes safetensors, and give that folder"
    )
