"""Texts to words as fast as Python goes: what stands between two spaces is cut once, and cached."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from baselines.sequences import PAD, UNKNOWN, WORD, spell
from bench.api import CHARACTERS_PER_TOKEN, Truncation, normalizer

Token = TypeVar("Token")
MAX_CACHED = 100_000
"""Chunks of text in the cache of a reader, so that memory stays bounded."""
LONGEST = 64
"""Characters of a chunk that is worth caching."""

_words = re.compile(WORD).findall


class Reader(Generic[Token]):
    """Texts to at most `max_length` words, each mapped by `token_of`.

    A chunk between spaces is normalized, spelled and cut into words by itself. Normalization sees the whole text first
    where it may join or part chunks: at tags, entities, escapes, and anything that is not ASCII.

    `token_of` is called for at most twice `max_length` words of a text.
    """

    def __init__(self, normalization: str, max_length: int, token_of: Callable[[str], Token]) -> None:
        self.max_length, self.token_of = max_length, token_of
        self._normalize = normalizer(normalization)
        self._cache: dict[str, list[Token]] = {}

    def __call__(self, text: str) -> list[Token]:
        """A text without any word is one unknown word."""
        text = text[: self.max_length * CHARACTERS_PER_TOKEN]
        if not text.isascii() or "<" in text or "&" in text or "\\" in text or "\0" in text:
            text = self._normalize(text).encode("utf-8", "ignore").decode()  # without lone surrogates
        tokens: list[Token] = []
        cache = self._cache
        for chunk in text.split():
            cached = cache.get(chunk)
            tokens += self._read(chunk) if cached is None else cached
            if len(tokens) >= self.max_length:
                break
        return tokens[: self.max_length] or [self.token_of(UNKNOWN)]

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """What is not read of these texts."""
        counts = np.array([len(_words(spell(self._normalize(text)))) for text in texts], np.int64)
        return Truncation.beyond(self.max_length, counts)

    def forget(self) -> None:
        """Map every word again."""
        self._cache.clear()

    def _read(self, chunk: str) -> list[Token]:
        words = _words(spell(self._normalize(chunk)))[: self.max_length]
        tokens = [self.token_of(word) for word in words]
        if len(chunk) <= LONGEST:
            if len(self._cache) >= MAX_CACHED:
                self.forget()
            self._cache[chunk] = tokens
        return tokens


class Numbers:
    """Words to ids: those of a vocabulary, and behind them each unknown word with an id of its own."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = {word: number for number, word in enumerate(vocabulary)}
        self.unknown: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        """The id of a word."""
        number = self.vocabulary.get(word)
        return self.unknown.setdefault(word, len(self.vocabulary) + len(self.unknown)) if number is None else number


def learn_words(texts: Sequence[str], normalization: str, max_length: int, size: int, min_count: int) -> list[str]:
    """The words that stand in `texts` at least `min_count` times, the most frequent `size` of them, after two marks."""
    reader = Reader(normalization, max_length, str)
    counts = Counter(word for text in texts for word in reader(text))
    counts.pop(UNKNOWN, None)
    frequent = sorted(
        (word for word, count in counts.items() if count >= min_count), key=lambda word: (-counts[word], word)
    )
    return [PAD, UNKNOWN, *frequent[:size]]
