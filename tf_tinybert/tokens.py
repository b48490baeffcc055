"""Texts to token ids, kept by content so that the next seed and the next trial need not do it again."""

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


@dataclass(frozen=True)
class Rows:
    """Encoded texts end to end: row i is `flat[starts[i]:starts[i + 1]]`, int32."""

    flat: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text, int64 [n]."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def padded(self, rows: npt.NDArray[np.int64], width: int) -> Inputs:
        """Those rows as what the network takes, `width` wide."""
        ids = np.zeros((len(rows), width), np.int32)
        mask = np.zeros((len(rows), width), np.int32)
        for place, row in enumerate(rows):
            tokens = self.flat[self.starts[row] : self.starts[row + 1]]
            ids[place, : len(tokens)], mask[place, : len(tokens)] = tokens, 1
        return {"token_ids": ids, "padding_mask": mask}


Inputs = dict[str, npt.NDArray[np.int32]]
"""`token_ids` and `padding_mask`, int32 [batch, time]: zeros on the right."""


class Encoder:
    """A `tokenizers.Tokenizer` with its normalization: texts to ids of at most `max_length`, special ones included."""

    def __init__(self, tokenizer: Any, normalization: str, max_length: int) -> None:
        self.tokenizer, self.normalization, self.max_length = tokenizer, normalization, max_length
        self._clean = normalizer(normalization)
        tokenizer.enable_truncation(max_length)

    def __call__(self, texts: Sequence[str]) -> Rows:
        """The ids of each text, at least [CLS] and [SEP]."""
        cut = self.max_length * CHARACTERS_PER_TOKEN
        # Lone surrogates and NUL are no text to the tokenizer, which is written in Rust.
        plain = [self._clean(text[:cut]).replace("\0", " ").encode("utf-8", "ignore").decode() for text in texts]
        ids = [item.ids for item in self.tokenizer.encode_batch_fast(plain)]
        starts = np.cumsum([0, *map(len, ids)], dtype=np.int64)
        return Rows(np.array([token for row in ids for token in row], np.int32), starts)

    def cached(self, texts: Sequence[str], folder: Path | None) -> Rows:
        """The same, read from the cache in `folder` where these texts were encoded in this way before."""
        if folder is None:
            return self(texts)
        found = kept_arrays(folder / "tokens" / f"{self._key(texts)}.npz", lambda: vars(self(texts)))
        return Rows(found["flat"], found["starts"])

    def _key(self, texts: Sequence[str]) -> str:
        digest = hashlib.sha256(f"rows\0{self.normalization}\0{self.max_length}\0{self.tokenizer.to_str()}\0".encode())
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()[:32]
