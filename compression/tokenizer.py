"""A tokenizer without the library around it: importing that loads PyTorch, which another runtime has no use for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Tokens:
    """A `tokenizer.json`, called as `transformers` calls it; texts are cut on the right."""

    def __init__(self, file: Path, pad_id: int) -> None:
        from tokenizers import Tokenizer

        self.backend, self.pad_token_id = Tokenizer.from_file(str(file)), pad_id
        self.backend.no_padding()

    def __call__(self, texts: Sequence[str], max_length: int, **unused: Any) -> dict[str, list[list[int]]]:
        """`input_ids` of each text, at most `max_length`, special ones included."""
        self.backend.enable_truncation(max_length)
        return {"input_ids": [encoded.ids for encoded in self.backend.encode_batch_fast(list(texts))]}


def load_tokenizer_file(folder: Path, pad_id: int) -> Any:
    """The tokenizer of an artifact: plain where it is one of Rust, else of its own class in `transformers`."""
    file = folder / "tokenizer.json"
    if file.is_file():
        return Tokens(file, pad_id)
    from transformers_pt.backbones import load_tokenizer

    return load_tokenizer(folder)
