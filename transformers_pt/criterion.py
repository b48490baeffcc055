"""The loss of a training step: by the labels and, where there is a teacher, by its soft targets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from bench.api import Params, SoftTargets, class_weights
from transformers_pt.batches import Batch, Rows


@dataclass(frozen=True)
class Criterion:
    """Cross-entropy, with distillation where there are soft targets. Class weights and smoothing are of labels."""

    class_weights: torch.Tensor | None
    label_smoothing: float
    soft_targets: SoftTargets | None

    @classmethod
    def of(cls, train: Rows, n_labels: int, params: Params) -> Criterion:
        """For these rows; `params`: `class_weight` and `label_smoothing`."""
        weights = class_weights(train.labels, n_labels, params["class_weight"])
        tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
        return cls(tensor, params["label_smoothing"], train.soft_targets)

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Logits [batch, labels], float32, and a batch to a scalar."""
        weights = None if self.class_weights is None else self.class_weights.to(logits.device)
        loss = nn.functional.cross_entropy(logits, batch["labels"], weights, label_smoothing=self.label_smoothing)
        if self.soft_targets is None:
            return loss
        alpha, temperature = self.soft_targets.alpha, self.soft_targets.temperature
        student = nn.functional.log_softmax(logits / temperature, dim=-1)
        distillation = nn.functional.kl_div(student, batch["softened"], reduction="batchmean")
        return alpha * temperature**2 * distillation + (1.0 - alpha) * loss
