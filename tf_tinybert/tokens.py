"""Texts to token ids by a `tokenizers.Tokenizer`, and these to what the network takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.api import TextEncoder, TokenIds

Inputs = dict[str, npt.NDArray[np.int32]]
"""`token_ids` and `padding_mask`, int32 [batch, time]: zeros on the right."""


class Encoder(TextEncoder):
    """A tokenizer with its normalization: texts to ids of at most `max_length`, at least [CLS] and [SEP]."""

    def __init__(self, tokenizer: Any, normalization: str, max_length: int) -> None:
        self.tokenizer, self.normalization, self.max_length = tokenizer, normalization, max_length
        tokenizer.enable_truncation(max_length)

    def __call__(self, texts: Sequence[str]) -> TokenIds:
        """The ids of each text."""
        return TokenIds.of(self.lists(texts))

    def tokenize(self, plain: list[str]) -> list[list[int]]:
        """The ids of each clean text."""
        return [item.ids for item in self.tokenizer.encode_batch_fast(plain)]

    def count(self, plain: list[str]) -> list[int]:
        """Tokens of each clean text, special ones left out."""
        self.tokenizer.no_truncation()
        try:
            return [len(item.ids) for item in self.tokenizer.encode_batch_fast(plain, add_special_tokens=False)]
        finally:
            self.tokenizer.enable_truncation(self.max_length)

    @property
    def capacity(self) -> int:
        """Tokens of a text that are read at most, special ones left out."""
        return self.max_length - int(self.tokenizer.num_special_tokens_to_add(is_pair=False))

    def fingerprint(self) -> str:
        """The tokenizer's state."""
        return str(self.tokenizer.to_str())


def padded(rows: TokenIds, chosen: npt.NDArray[np.int64], width: int) -> Inputs:
    """The `chosen` rows as what the network takes, `width` wide."""
    ids = np.zeros((len(chosen), width), np.int32)
    mask = np.zeros((len(chosen), width), np.int32)
    for place, row in enumerate(chosen):
        tokens = rows.flat[rows.starts[row] : rows.starts[row + 1]]
        ids[place, : len(tokens)], mask[place, : len(tokens)] = tokens, 1
    return {"token_ids": ids, "padding_mask": mask}
