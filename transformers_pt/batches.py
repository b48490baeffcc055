"""What a training step sees: encoded texts, padded together, some of their tokens masked."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt
import torch

from bench.api import Probabilities, SoftTargets


class Row(TypedDict):
    """An encoded text."""

    input_ids: list[int]
    labels: int
    softened: NotRequired[Probabilities]
    """The teacher's probabilities at its temperature, float32 [labels]."""


Batch = dict[str, torch.Tensor]
"""`input_ids`, `attention_mask` [batch, length], `labels` [batch], int64; with a teacher `softened`, float32."""


@dataclass(frozen=True)
class Rows(torch.utils.data.Dataset[Row]):
    """Encoded texts with their labels int64 [n] and, where there is a teacher, its soft targets."""

    ids: Sequence[list[int]]
    labels: npt.NDArray[np.int64]
    soft_targets: SoftTargets | None = None

    @functools.cached_property
    def softened(self) -> Probabilities | None:
        """The teacher's probabilities at its temperature, float32 [n, labels]."""
        return self.soft_targets.softened() if self.soft_targets else None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Row:
        row = Row(input_ids=self.ids[index], labels=int(self.labels[index]))
        if self.softened is not None:
            row["softened"] = self.softened[index]
        return row

    def by_length(self) -> Rows:
        """The same rows, the shortest first, so that evaluation pads little."""
        order = np.argsort([len(row) for row in self.ids], kind="stable")
        return Rows([self.ids[i] for i in order], self.labels[order])


@dataclass(frozen=True)
class Padding:
    """Rows to tensors as long as the longest of them."""

    pad_id: int

    def __call__(self, rows: Sequence[Row]) -> Batch:
        """Pads on the right."""
        longest = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), longest), self.pad_id)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
            mask[i, : len(row["input_ids"])] = 1
        batch = {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([row["labels"] for row in rows])}
        if "softened" in rows[0]:
            batch["softened"] = torch.from_numpy(np.stack([row["softened"] for row in rows]))
        return batch


@dataclass(frozen=True)
class TokenMasking:
    """Masks a share `rate` of a batch's tokens in each step, but for special ones: no prediction may hang on one token.

    An encoder that was pretrained behind masks has learned to read around them.
    """

    mask_id: int
    special_ids: tuple[int, ...]
    rate: float

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids int64 [batch, length] to the same with masks."""
        special = torch.tensor(self.special_ids, device=ids.device)
        return torch.where(
            (torch.rand(ids.shape, device=ids.device) < self.rate) & ~torch.isin(ids, special), self.mask_id, ids
        )
