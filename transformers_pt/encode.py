"""Texts to token ids by a tokenizer of `transformers`."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.api import CHARACTERS_PER_TOKEN, TextEncoder
from transformers_pt.long_texts import HEAD, LongTexts, Windows


@dataclass(frozen=True)
class Encoder(TextEncoder):
    """A tokenizer with its normalization: texts to rows of at most `max_length` ids, special ones included."""

    tokenizer: Any
    normalization: str
    max_length: int
    long_texts: LongTexts = HEAD

    def check(self) -> None:
        """A `BenchError` for parameters that leave nothing to read."""
        self.long_texts.check(self._size)

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """One row a text; of a text in chunks, the first."""
        return [parts[0] for parts in map(self._rows, self.lists(texts))]

    def windows(self, texts: Sequence[str], cache: Path | None = None) -> Windows:
        """All rows of each text; `cache` keeps the tokens of texts that are encoded again."""
        return Windows.of([self._rows(ids) for ids in self.cached(texts, cache).lists()])

    def tokenize(self, plain: list[str]) -> list[list[int]]:
        """The tokens of each clean text that are read, special ones left out."""
        return [self.long_texts.cut(ids, self._size) for ids in self._tokens(plain)]

    def count(self, plain: list[str]) -> list[int]:
        """Tokens of each clean text, special ones left out."""
        return [len(ids) for ids in self._tokens(plain)]

    @property
    def capacity(self) -> int:
        """Tokens of a text that are read at most, special ones left out."""
        return self.long_texts.capacity(self._size)

    def shorten(self, text: str) -> str:
        """What is worked on at all: a text of megabytes is cut before it is cleaned."""
        return self.long_texts.shorten(text, self.max_length * CHARACTERS_PER_TOKEN)

    def fingerprint(self) -> str:
        """Of the tokenizer's class and state, and of what is read."""
        special = self._special  # first: a tokenizer's truncation, part of its state, is as its last call asked for
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        state = backend.to_str() if backend is not None else repr(sorted(self.tokenizer.get_vocab().items()))
        return hashlib.sha256(f"{type(self.tokenizer).__name__}{state}{special}{self.long_texts}".encode()).hexdigest()

    @functools.cached_property
    def _special(self) -> tuple[list[int], list[int]]:
        """What stands before and after the tokens of a text."""
        ids = list(self.tokenizer("")["input_ids"])
        return ids[:1], ids[1:]

    @property
    def _size(self) -> int:
        """Tokens of a text in one row."""
        return self.max_length - sum(map(len, self._special))

    def _tokens(self, plain: list[str]) -> list[list[int]]:
        return list(self.tokenizer(plain, add_special_tokens=False, verbose=False)["input_ids"]) if plain else []

    def _rows(self, ids: list[int]) -> list[list[int]]:
        before, after = self._special
        return [[*before, *part, *after] for part in self.long_texts.split(ids, self._size)]
