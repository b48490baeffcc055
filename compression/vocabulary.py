"""Vocabulary trimming: tokens that the training texts hardly use go, and with them their embeddings.

After Abdaoui et al., "Load What You Need", 2020 (arXiv:2010.05609). Of a small encoder half the weights are embeddings.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from bench.api import BenchError
from transformers_pt.backbones import load_tokenizer
from transformers_pt.encode import Encoder

CONTINUES = "##"
"""What a token within a word begins with, in WordPiece."""


def trim(model: Any, encoder: Encoder, texts: Sequence[str], size: int) -> Encoder:
    """Leave `model` the embeddings of `size` tokens, the most frequent in `texts`; returns what encodes for it.

    Special tokens and single ASCII characters stay, so that any English word can be spelled. Texts of remaining tokens
    are read as before: WordPiece takes the longest token there is. Raises `BenchError` for another kind of tokenizer.
    """
    backend = getattr(encoder.tokenizer, "backend_tokenizer", None)
    if backend is None or json.loads(backend.to_str())["model"]["type"] != "WordPiece":
        raise BenchError(
            "vocabulary_size takes encoders with a WordPiece tokenizer (BERT, MPNet, DistilBERT, ELECTRA); leave it 0"
        )
    remaining = _remaining(encoder, texts, size)
    embeddings = model.get_input_embeddings()
    if size >= embeddings.num_embeddings:
        raise BenchError(f"vocabulary_size={size}: the encoder has {embeddings.num_embeddings} tokens; give less, or 0")
    embeddings.weight = nn.Parameter(embeddings.weight.detach()[remaining].clone())
    embeddings.num_embeddings = model.config.vocab_size = len(remaining)
    return replace(encoder, tokenizer=_renumbered(encoder.tokenizer, remaining))


def _remaining(encoder: Encoder, texts: Sequence[str], size: int) -> npt.NDArray[np.int64]:
    """The ids that stay, ascending."""
    vocabulary: dict[str, int] = encoder.tokenizer.get_vocab()
    counts = np.zeros(max(vocabulary.values()) + 1, np.int64)
    for row in encoder.windows(texts).rows:
        np.add.at(counts, row, 1)
    always = {*encoder.tokenizer.all_special_ids, *encoder.tokenizer.added_tokens_decoder}
    always |= {i for token, i in vocabulary.items() if len(token.removeprefix(CONTINUES)) == 1 and token.isascii()}
    if size < len(always):
        raise BenchError(f"vocabulary_size={size}: {len(always)} tokens, special ones and characters, must stay")
    counts[list(always)] = np.iinfo(np.int64).max
    return np.sort(np.argsort(-counts, kind="stable")[:size])


def _renumbered(tokenizer: Any, remaining: npt.NDArray[np.int64]) -> Any:
    """The tokenizer with these ids alone, numbered from 0 in their order."""
    new = {int(old): place for place, old in enumerate(remaining)}
    with tempfile.TemporaryDirectory(prefix="sentibench-") as name:
        folder = Path(name)
        tokenizer.save_pretrained(folder)
        file = folder / "tokenizer.json"
        state = json.loads(file.read_text(encoding="utf-8"))
        vocabulary = state["model"]["vocab"]
        state["model"]["vocab"] = {token: new[old] for token, old in vocabulary.items() if old in new}
        for token in state["added_tokens"]:
            token["id"] = new[token["id"]]
        _renumber_template(state["post_processor"], new)
        state["truncation"] = state["padding"] = None
        file.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        config.pop("added_tokens_decoder", None)  # by old numbers; `tokenizer.json` has them
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
        (folder / "vocab.txt").unlink(missing_ok=True)
        return load_tokenizer(folder)


def _renumber_template(part: Any, new: dict[int, int]) -> None:
    """Special tokens that are put around a text: `TemplateProcessing` has lists of ids, BERT's and RoBERTa's pairs."""
    if part is None:
        return
    for key in ("sep", "cls"):
        if key in part:
            part[key][1] = new[part[key][1]]
    for token in part.get("special_tokens", {}).values():
        token["ids"] = [new[old] for old in token["ids"]]
    for inner in part.get("processors", []):
        _renumber_template(inner, new)
