"""Texts to token ids, many at once, kept by content so that seeds and trials do it once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.api import kept_arrays, normalizer

CHARACTERS_PER_TOKEN = 24
"""A text is cut to this many characters for each token it may keep, before any work on it."""
SLICE = 10_000


@dataclass(frozen=True)
class Encoder:
    """A tokenizer with its normalization: texts to ids of at most `max_length`, special ones included."""

    tokenizer: Any
    normalization: str
    max_length: int

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        clean = normalizer(self.normalization)
        cut = self.max_length * CHARACTERS_PER_TOKEN
        # Lone surrogates and NUL are no text to the tokenizer, which is written in Rust.
        plain = [clean(text[:cut]).replace("\0", " ").encode("utf-8", "ignore").decode() for text in texts]
        if not plain:
            return []
        encoded = self.tokenizer(plain, truncation=True, max_length=self.max_length, verbose=False)
        return list(encoded["input_ids"])

    def cached(self, texts: Sequence[str], folder: Path | None) -> list[list[int]]:
        """The same, read from the cache in `folder` where these texts were encoded in this way before."""
        if folder is None:
            return self._sliced(texts)
        found = kept_arrays(folder / "tokens" / f"{self._key(texts)}.npz", lambda: _flat(self._sliced(texts)))
        flat, lengths = found["ids"], found["lengths"]
        return [part.tolist() for part in np.split(flat, np.cumsum(lengths)[:-1])] if len(lengths) else []

    def _sliced(self, texts: Sequence[str]) -> list[list[int]]:
        return [ids for start in range(0, len(texts), SLICE) for ids in self(texts[start : start + SLICE])]

    def _key(self, texts: Sequence[str]) -> str:
        digest = hashlib.sha256(f"{self.normalization}\0{self.max_length}\0{fingerprint(self.tokenizer)}\0".encode())
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()[:32]


def fingerprint(tokenizer: Any) -> str:
    """Of everything that decides which ids a text becomes."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    state = backend.to_str() if backend is not None else repr(sorted(tokenizer.get_vocab().items()))
    return hashlib.sha256(f"{type(tokenizer).__name__}{state}".encode()).hexdigest()


def _flat(ids: list[list[int]]) -> dict[str, npt.NDArray[np.int32]]:
    """The ids of all texts end to end, int32, and how many each text has."""
    return {
        "ids": np.array([i for row in ids for i in row], np.int32),
        "lengths": np.array([len(row) for row in ids], np.int32),
    }
