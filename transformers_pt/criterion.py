"""The loss of a training step: by the labels and, where there is a teacher, by its soft targets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from bench.api import Params, SoftTargets, class_weights, label_weights
from transformers_pt.batches import Batch, Rows


def label_loss(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None = None, smoothing: float = 0.0
) -> torch.Tensor:
    """Cross-entropy of logits [batch, labels] as a scalar, from labels int64 [batch], with a weight a label.

    From labels of 0 or 1, int64 [batch, labels], the binary cross-entropy of each, mean over texts and labels;
    `weights` [2, labels] are then of a label's absence and presence, `smoothing` the share of a target that goes to ½.
    """
    if labels.dim() == 1:
        return nn.functional.cross_entropy(logits, labels, weights, label_smoothing=smoothing)
    targets = labels * (1.0 - smoothing) + smoothing / 2
    if weights is not None:
        weights = torch.where(labels > 0, weights[1], weights[0])
    return nn.functional.binary_cross_entropy_with_logits(logits, targets, weights)


@dataclass(frozen=True)
class Criterion:
    """`label_loss`, with distillation where there are soft targets. Class weights and smoothing are of labels."""

    class_weights: torch.Tensor | None
    label_smoothing: float
    soft_targets: SoftTargets | None

    @classmethod
    def of(cls, train: Rows, n_labels: int, params: Params) -> Criterion:
        """For these rows; `params`: `class_weight` and `label_smoothing`."""
        several, kind = train.labels.ndim == 2, params["class_weight"]
        weights = label_weights(train.labels, kind) if several else class_weights(train.labels, n_labels, kind)
        tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
        return cls(tensor, params["label_smoothing"], train.soft_targets)

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Logits [batch, labels], float32, and a batch to a scalar."""
        weights = None if self.class_weights is None else self.class_weights.to(logits.device)
        loss = label_loss(logits, batch["labels"], weights, self.label_smoothing)
        if self.soft_targets is None:
            return loss
        alpha, temperature = self.soft_targets.alpha, self.soft_targets.temperature
        distillation = _divergence(logits / temperature, batch["softened"], self.soft_targets.multi_label)
        return alpha * temperature**2 * distillation + (1.0 - alpha) * loss


def _divergence(logits: torch.Tensor, teacher: torch.Tensor, multi_label: bool) -> torch.Tensor:
    """KL of a teacher's probabilities [batch, labels] and a student's logits, mean over texts; or over labels too."""
    if multi_label:
        cross = nn.functional.binary_cross_entropy_with_logits(logits, teacher)
        return cross - nn.functional.binary_cross_entropy(teacher, teacher)
    return nn.functional.kl_div(nn.functional.log_softmax(logits, dim=-1), teacher, reduction="batchmean")
