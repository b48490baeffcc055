"""What a training step is judged by: the labels and, where there is a teacher, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bench.api import Params, SoftTargets
from transformers_pt.batches import Rows


@dataclass(frozen=True)
class Criterion:
    """Cross-entropy, mixed as `SoftTargets` says where there are any; class weights and smoothing are of labels."""

    class_weights: torch.Tensor | None
    label_smoothing: float
    soft_targets: SoftTargets | None

    @classmethod
    def of(cls, train: Rows, params: Params) -> Criterion:
        """For these rows; `params`: `class_weight` and `label_smoothing`."""
        return cls(class_weights(train.labels, params["class_weight"]), params["label_smoothing"], train.soft_targets)

    def __call__(self, logits: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Logits [batch, labels], float32, and the tensors of `Padding` to a scalar."""
        weights = None if self.class_weights is None else self.class_weights.to(logits.device)
        loss = nn.functional.cross_entropy(logits, batch["labels"], weights, label_smoothing=self.label_smoothing)
        if self.soft_targets is None:
            return loss
        alpha, temperature = self.soft_targets.alpha, self.soft_targets.temperature
        student = nn.functional.log_softmax(logits / temperature, dim=-1)
        told = nn.functional.kl_div(student, batch["softened"], reduction="batchmean")
        return alpha * temperature**2 * told + (1.0 - alpha) * loss


def class_weights(labels: npt.NDArray[np.int64], kind: str) -> torch.Tensor | None:
    """`balanced`: n / (k × count) of each label, float32 [k]; `none`: None."""
    if kind == "none":
        return None
    counts = np.bincount(labels)
    return torch.tensor(len(labels) / (len(counts) * counts), dtype=torch.float32)
