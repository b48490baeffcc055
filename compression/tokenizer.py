"""A tokenizer without the library around it: importing that loads PyTorch, which another runtime has no use for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Tokens:
    """A `tokenizer.json`, called as `transformers` calls it."""

    def __init__(self, file: Path, pad_id: int) -> None:
        from tokenizers import Tokenizer

        self.backend, self.pad_token_id = Tokenizer.from_file(str(file)), pad_id
        self.backend.no_padding()
        self.backend.no_truncation()

    def __call__(self, texts: str | Sequence[str], add_special_tokens: bool = True, **unused: Any) -> dict[str, Any]:
        """`input_ids` of a text, or of each text."""
        if isinstance(texts, str):
            return {"input_ids": self.backend.encode(texts, add_special_tokens=add_special_tokens).ids}
        encoded = self.backend.encode_batch_fast(list(texts), add_special_tokens=add_special_tokens)
        return {"input_ids": [one.ids for one in encoded]}


def load_tokenizer_file(folder: Path, pad_id: int) -> Any:
    """The tokenizer of an artifact: plain where it is one of Rust, else of its own class in `transformers`."""
    file = folder / "tokenizer.json"
    if file.is_file():
        return Tokens(file, pad_id)
    from transformers_pt.backbones import load_tokenizer

    return load_tokenizer(folder)
