"""Texts to token ids: cleaned as the model was trained, kept by content so that seeds and trials encode them once."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.cache import kept_arrays
from bench.contract import Truncation
from bench.normalize import normalizer

CHARACTERS_PER_TOKEN = 24
"""A text is cut to this many characters for each token it may keep, before any work on it."""
SLICE = 10_000
"""Texts that are tokenized at once."""


@dataclass(frozen=True)
class TokenIds:
    """Encoded texts end to end: text i is `flat[starts[i]:starts[i + 1]]`, int32."""

    flat: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> TokenIds:
        """Of the ids of each text."""
        rows = list(rows)
        starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(np.fromiter((token for row in rows for token in row), np.int32, int(starts[-1])), starts)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text, int64 [n]."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def lists(self) -> list[list[int]]:
        """The ids of each text."""
        return [self.flat[start:end].tolist() for start, end in zip(self.starts[:-1], self.starts[1:], strict=True)]


class TextEncoder(ABC):
    """A tokenizer with its normalization: texts to ids of at most `max_length`, special ones included."""

    tokenizer: Any
    normalization: str
    max_length: int

    @abstractmethod
    def fingerprint(self) -> str:
        """Of everything that decides which ids a clean text becomes."""

    @abstractmethod
    def tokenize(self, plain: list[str]) -> list[list[int]]:
        """The ids of each clean text."""

    @abstractmethod
    def count(self, plain: list[str]) -> list[int]:
        """Tokens of each clean text, all of them, special ones left out."""

    @property
    @abstractmethod
    def capacity(self) -> int:
        """Tokens of a text that are read at most, special ones left out."""

    def shorten(self, text: str) -> str:
        """What is worked on at all: a text of megabytes is cut before it is cleaned."""
        return text[: self.max_length * CHARACTERS_PER_TOKEN]

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """What is not read of these texts: the share that is longer than `capacity`, and the share of all tokens."""
        counts = np.array([n for part in self._clean(texts, whole=True) for n in self.count(part)], np.int64)
        return Truncation.beyond(self.capacity, counts)

    def lists(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        return [ids for part in self._clean(texts) for ids in self.tokenize(part)]

    def _clean(self, texts: Sequence[str], whole: bool = False) -> Iterator[list[str]]:
        """Slices of the texts as a tokenizer takes them, shortened unless `whole`."""
        normalize = normalizer(self.normalization)
        for start in range(0, len(texts), SLICE):
            part = (text if whole else self.shorten(text) for text in texts[start : start + SLICE])
            # Lone surrogates and NUL are no text to tokenizers, which are written in Rust.
            yield [normalize(text).replace("\0", " ").encode("utf-8", "ignore").decode() for text in part]

    def cached(self, texts: Sequence[str], folder: Path | None) -> TokenIds:
        """The ids of each text, from the cache in `folder` where these were encoded in this way before."""
        if folder is None:
            return TokenIds.of(self.lists(texts))
        kept = folder / "tokens" / f"{self._key(texts)}.npz"
        found = kept_arrays(kept, lambda: vars(TokenIds.of(self.lists(texts))))
        return TokenIds(found["flat"], found["starts"])

    def _key(self, texts: Sequence[str]) -> str:
        digest = hashlib.sha256(f"{self.normalization}\0{self.max_length}\0{self.fingerprint()}\0".encode())
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()[:32]
