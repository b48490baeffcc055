"""Texts to token ids by a tokenizer of `transformers`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.api import TextEncoder


@dataclass(frozen=True)
class Encoder(TextEncoder):
    """A tokenizer with its normalization: texts to ids of at most `max_length`, special ones included."""

    tokenizer: Any
    normalization: str
    max_length: int

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        return self.lists(texts)

    def tokenize(self, plain: list[str]) -> list[list[int]]:
        """The ids of each clean text."""
        if not plain:
            return []
        return list(self.tokenizer(plain, truncation=True, max_length=self.max_length, verbose=False)["input_ids"])

    def fingerprint(self) -> str:
        """Of the tokenizer's class and state."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        state = backend.to_str() if backend is not None else repr(sorted(self.tokenizer.get_vocab().items()))
        return hashlib.sha256(f"{type(self.tokenizer).__name__}{state}".encode()).hexdigest()
