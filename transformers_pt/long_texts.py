"""Texts longer than the encoder reads: their beginning, beginning and end, or chunks whose answers are pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.api import BenchError, Params, Probabilities, did_you_mean

MODES = ("head", "head+tail", "chunks")
HEAD_SHARE = 4
"""One part in so many is of the beginning: 128 of 510 tokens in Sun et al., "How to fine-tune BERT", 2019."""


@dataclass(frozen=True)
class LongTexts:
    """Which tokens of a text are read; those of the tokenizer, special ones left out."""

    mode: str = "head"
    """`head` reads the beginning, `head+tail` the beginning and the end, `chunks` one stretch after the other."""
    overlap: int = 32
    """Tokens that a chunk shares with the next one."""
    max_chunks: int = 8
    """Chunks that are read of a text at most."""

    @classmethod
    def of(cls, params: Params) -> LongTexts:
        """By the parameters of `finetune`; a `BenchError` for what cannot be."""
        chosen = cls(params["long_texts"], params["chunk_overlap"], params["max_chunks"])
        if chosen.mode not in MODES:
            raise BenchError(f"long_texts={chosen.mode}: {did_you_mean(chosen.mode, MODES)}")
        if chosen.max_chunks < 1:
            raise BenchError(f"max_chunks={chosen.max_chunks}: give 1 or more")
        return chosen

    def check(self, size: int) -> None:
        """A `BenchError` where chunks of `size` tokens would not get on."""
        if self.mode == "chunks" and not 0 <= self.overlap < size:
            raise BenchError(f"chunk_overlap={self.overlap}: a chunk has {size} tokens; give 0 to {size - 1}")

    def capacity(self, size: int) -> int:
        """Tokens of a text that are read at most, where `size` go through the network at once."""
        return size + (self.max_chunks - 1) * (size - self.overlap) if self.mode == "chunks" else size

    def shorten(self, text: str, characters: int) -> str:
        """The same text cut to about so many characters, where it is as long: none that is read is lost."""
        if self.mode == "head+tail" and len(text) > 2 * characters:
            return f"{text[:characters]} {text[-characters:]}"
        return text[: characters * self.max_chunks] if self.mode == "chunks" else text[:characters]

    def cut(self, ids: list[int], size: int) -> list[int]:
        """The tokens of a text that are read, in their order."""
        if self.mode == "head+tail" and len(ids) > size:
            head = size // HEAD_SHARE
            return ids[:head] + ids[head - size :]
        return ids[: self.capacity(size)]

    def split(self, ids: list[int], size: int) -> list[list[int]]:
        """What goes through the network at once of the tokens that `cut` has left; at least one, if it is empty."""
        if self.mode != "chunks" or len(ids) <= size:
            return [ids]
        return [ids[start : start + size] for start in range(0, len(ids) - self.overlap, size - self.overlap)]


HEAD = LongTexts()


@dataclass(frozen=True)
class Windows:
    """Rows of token ids for the network, one or more of each text, in order."""

    rows: list[list[int]]
    texts: npt.NDArray[np.int64]
    """Of each row: the number of its text."""

    @classmethod
    def of(cls, parts: Sequence[list[list[int]]]) -> Windows:
        """From the rows of each text."""
        counts = [len(part) for part in parts]
        return cls([row for part in parts for row in part], np.repeat(np.arange(len(parts)), counts))

    def pool(self, values: Probabilities) -> Probabilities:
        """The mean over the rows of a text, float32 [n_texts, n]."""
        counts = np.bincount(self.texts)
        if len(counts) == len(values):
            return values
        sums = np.zeros((len(counts), values.shape[1]), np.float64)
        np.add.at(sums, self.texts, values)
        return (sums / counts[:, None]).astype(np.float32)
