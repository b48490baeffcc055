"""What a training step sees: encoded texts, padded together, some of their tokens masked."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt
import torch

from bench.api import Probabilities, SoftTargets
from transformers_pt.long_texts import Windows


class Row(TypedDict):
    """An encoded text."""

    input_ids: list[int]
    labels: npt.NDArray[np.int64]
    """A number; of several labels a text 0 or 1 of each, [labels]."""
    softened: NotRequired[Probabilities]
    """The teacher's probabilities at its temperature, float32 [labels]."""


Batch = dict[str, torch.Tensor]
"""`input_ids`, `attention_mask` [batch, length], `labels` [batch], int64; with a teacher `softened`, float32.

Of several labels a text, `labels` are 0 or 1, [batch, labels].
"""


@dataclass(frozen=True)
class Rows(torch.utils.data.Dataset[Row]):
    """Encoded texts, or chunks of them, with their labels int64 [n] and, where there is a teacher, its soft targets.

    Labels of several a text are 0 or 1, int64 [n, labels].
    """

    ids: Sequence[list[int]]
    labels: npt.NDArray[np.int64]
    soft_targets: SoftTargets | None = None
    texts: npt.NDArray[np.int64] | None = None
    """Of each row the number of its text, int64 [n]; None where each is a text."""

    @classmethod
    def of(cls, windows: Windows, labels: npt.NDArray[np.int64], soft_targets: SoftTargets | None) -> Rows:
        """The rows of texts with these labels, int64 [n_texts] or [n_texts, labels]."""
        if len(windows.rows) == len(labels):
            return cls(windows.rows, labels, soft_targets)
        texts = windows.texts
        if soft_targets is not None:
            soft_targets = replace(soft_targets, probabilities=soft_targets.probabilities[texts])
        return cls(windows.rows, labels[texts], soft_targets, texts)

    @property
    def n_texts(self) -> int:
        """How many texts the rows are of."""
        return len(self) if self.texts is None else len(np.unique(self.texts))

    def by_text(self, probabilities: Probabilities) -> tuple[Probabilities, npt.NDArray[np.int64]]:
        """The mean over the rows of each text, float32 [n_texts, labels], and its labels as `Rows.of` took them."""
        if self.texts is None:
            return probabilities, self.labels
        _, first, texts = np.unique(self.texts, return_index=True, return_inverse=True)
        return Windows([], texts).pool(probabilities), self.labels[first]

    @functools.cached_property
    def softened(self) -> Probabilities | None:
        """The teacher's probabilities at its temperature, float32 [n, labels]."""
        return self.soft_targets.softened() if self.soft_targets else None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Row:
        row = Row(input_ids=self.ids[index], labels=self.labels[index])
        if self.softened is not None:
            row["softened"] = self.softened[index]
        return row

    def by_length(self) -> Rows:
        """The same rows, the shortest first, so that evaluation pads little."""
        order = np.argsort([len(row) for row in self.ids], kind="stable")
        texts = None if self.texts is None else self.texts[order]
        return Rows([self.ids[i] for i in order], self.labels[order], texts=texts)


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
        batch = {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": torch.from_numpy(np.stack([row["labels"] for row in rows])),
        }
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
