"""What a training step sees: encoded texts, padded together, some of their tokens masked."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench.api import Probabilities, SoftTargets


@dataclass(frozen=True)
class Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Encoded texts with their labels int64 [n], and what a teacher says of them, if there is one."""

    ids: Sequence[list[int]]
    labels: npt.NDArray[np.int64]
    soft_targets: SoftTargets | None = None

    @functools.cached_property
    def softened(self) -> Probabilities | None:
        """The teacher's probabilities at its temperature, float32 [n, labels]."""
        return self.soft_targets.softened() if self.soft_targets else None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = {"input_ids": self.ids[index], "labels": int(self.labels[index])}
        return row if self.softened is None else row | {"softened": self.softened[index]}

    def by_length(self) -> Rows:
        """The same rows, the shortest first, so that evaluation pads little."""
        order = np.argsort([len(row) for row in self.ids], kind="stable")
        return Rows([self.ids[i] for i in order], self.labels[order])


@dataclass(frozen=True)
class Padding:
    """Rows to tensors as long as the longest of them: `input_ids`, `attention_mask`, `labels`, int64.

    Of rows with a teacher also `softened`, float32 [batch, labels].
    """

    pad_id: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
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
    """Masks a share `rate` of a batch's tokens anew in each step, special ones left: what a text says must not hang on
    one word. An encoder that was pretrained behind masks knows how to read around them."""

    mask_id: int
    special_ids: tuple[int, ...]
    rate: float

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids int64 [batch, length] to the same with masks."""
        special = torch.tensor(self.special_ids, device=ids.device)
        return torch.where(
            (torch.rand(ids.shape, device=ids.device) < self.rate) & ~torch.isin(ids, special), self.mask_id, ids
        )
