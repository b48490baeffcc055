"""Texts to words as fast as Python goes: what stands between two spaces is taken apart once, and remembered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from baselines.sequences import PAD, UNKNOWN, WORD, spell
from bench.api import CHARACTERS_PER_TOKEN, Truncation, normalizer

Meaning = TypeVar("Meaning")
REMEMBERED = 100_000
"""Chunks of text that a reader remembers, so that memory stays bounded."""
LONGEST = 64
"""Characters of a chunk that is worth remembering."""

_words = re.compile(WORD).findall


class Reader(Generic[Meaning]):
    """Texts to at most `max_length` words, each as what `meaning` says of it.

    A chunk between spaces is normalized, spelled and cut into words by itself. Normalization sees the whole text first
    where it may join or part chunks: at tags, entities, escapes, and anything that is not ASCII.

    Not more than twice `max_length` words of a text are asked for.
    """

    def __init__(self, normalization: str, max_length: int, meaning: Callable[[str], Meaning]) -> None:
        self.max_length, self.meaning = max_length, meaning
        self._normalize = normalizer(normalization)
        self._seen: dict[str, list[Meaning]] = {}

    def __call__(self, text: str) -> list[Meaning]:
        """A text without any word is one unknown word."""
        text = text[: self.max_length * CHARACTERS_PER_TOKEN]
        if not text.isascii() or "<" in text or "&" in text or "\\" in text or "\0" in text:
            text = self._normalize(text).encode("utf-8", "ignore").decode()  # without lone surrogates
        found: list[Meaning] = []
        seen = self._seen
        for chunk in text.split():
            known = seen.get(chunk)
            found += self._read(chunk) if known is None else known
            if len(found) >= self.max_length:
                break
        return found[: self.max_length] or [self.meaning(UNKNOWN)]

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """What is not read of these texts."""
        counts = np.array([len(_words(spell(self._normalize(text)))) for text in texts], np.int64)
        return Truncation.beyond(self.max_length, counts)

    def forget(self) -> None:
        """Ask for the meaning of every word again."""
        self._seen.clear()

    def _read(self, chunk: str) -> list[Meaning]:
        words = _words(spell(self._normalize(chunk)))[: self.max_length]
        found = [self.meaning(word) for word in words]
        if len(chunk) <= LONGEST:
            if len(self._seen) >= REMEMBERED:
                self.forget()
            self._seen[chunk] = found
        return found


class Numbers:
    """Words to ids: those of a vocabulary, and behind them each unknown word with an id of its own."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.known = {word: number for number, word in enumerate(vocabulary)}
        self.unknown: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        """The id of a word."""
        known = self.known.get(word)
        return self.unknown.setdefault(word, len(self.known) + len(self.unknown)) if known is None else known


def learn_words(texts: Sequence[str], normalization: str, max_length: int, size: int, min_count: int) -> list[str]:
    """The words that stand in `texts` at least `min_count` times, the most frequent `size` of them, after two marks."""
    reader = Reader(normalization, max_length, str)
    counts = Counter(word for text in texts for word in reader(text))
    counts.pop(UNKNOWN, None)
    found = sorted(
        (word for word, count in counts.items() if count >= min_count), key=lambda word: (-counts[word], word)
    )
    return [PAD, UNKNOWN, *found[:size]]
