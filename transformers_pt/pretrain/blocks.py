"""Texts packed end to end into blocks of one length, and the masks that a step learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from transformers_pt.pretrain.objectives import Inputs

Blocks = npt.NDArray[np.int32]
SLICE = 10_000
"""Texts that are tokenized at once."""


def pack(tokenizer: Any, texts: Sequence[str], length: int) -> Blocks:
    """Int32 [n_blocks, length]: `[CLS]`, then texts, each closed by `[SEP]`; no padding, the tail is dropped."""
    stream: list[npt.NDArray[np.int32]] = []
    for start in range(0, len(texts), SLICE):
        encoded = tokenizer(list(texts[start : start + SLICE]), add_special_tokens=False, verbose=False)["input_ids"]
        stream += [np.asarray([*ids, tokenizer.sep_token_id], np.int32) for ids in encoded]
    flat = np.concatenate(stream)
    count = len(flat) // (length - 1)
    body = flat[: count * (length - 1)].reshape(count, length - 1)
    return np.concatenate([np.full((count, 1), tokenizer.cls_token_id, np.int32), body], axis=1)


@dataclass(frozen=True)
class Masking:
    """Masks a share of a batch, other tokens each time (Liu et al., "RoBERTa", 2019).

    Of the chosen tokens 80 % become `[MASK]`, 10 % another token, 10 % stay (Devlin et al., "BERT", 2019).
    """

    mask_id: int
    vocabulary: int
    special_ids: tuple[int, ...]
    share: float

    def __call__(self, rows: Sequence[npt.NDArray[np.int32]]) -> Inputs:
        """Rows int32 [length] to `input_ids` and `labels`, int64 [batch, length]; -100 where there is no mask."""
        import torch

        ids = torch.from_numpy(np.stack(rows).astype(np.int64))
        free = ~torch.isin(ids, torch.tensor(self.special_ids))
        chosen = (torch.rand(ids.shape) < self.share) & free
        labels = torch.where(chosen, ids, -100)
        kind = torch.rand(ids.shape)
        inputs = torch.where(chosen & (kind < 0.8), self.mask_id, ids)
        swapped = torch.randint(0, self.vocabulary, ids.shape)
        inputs = torch.where(chosen & (kind >= 0.8) & (kind < 0.9), swapped, inputs)
        return {"input_ids": inputs, "labels": labels}
