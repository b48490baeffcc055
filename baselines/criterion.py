"""Loss of a Keras training, by labels and a teacher's soft targets. Imported where TensorFlow is at hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from bench.api import SoftTargets, Split


def targets(split: Split) -> npt.NDArray[np.float32]:
    """Labels, one-hot, float32 [n, labels]; beside them, where there is a teacher, its softened probabilities.

    Where a text may have several labels, 1 for each of them.
    """
    hard = np.eye(len(split.label_names), dtype=np.float32)[split.labels] if not split.multi_label else split.labels
    hard = hard.astype(np.float32)
    return np.hstack([hard, split.soft_targets.softened()]) if split.soft_targets else hard


class EachLabelLoss(keras.losses.Loss):
    """Binary cross-entropy of each label from logits, mean over labels: where a text may have several.

    `weights` [2, labels] are of its absence and its presence; `smoothing` is the share of a target that goes to ½.
    """

    def __init__(self, smoothing: float, weights: npt.NDArray[np.float64] | None) -> None:
        super().__init__(name="each_label")
        self.smoothing, self.weights = smoothing, weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Of each text, float [batch]."""
        ops = keras.ops
        target = y_true * (1.0 - self.smoothing) + self.smoothing / 2
        losses = ops.binary_crossentropy(target, y_pred, from_logits=True)
        if self.weights is not None:
            absent, present = (ops.array(of_labels, y_pred.dtype) for of_labels in self.weights)
            losses *= ops.where(y_true > 0.5, present, absent)
        return ops.mean(losses, axis=-1)


class DistillationLoss(keras.losses.Loss):
    """Cross-entropy mixed with distillation, as `SoftTargets` documents; class weights are of labels alone.

    Targets without a teacher's half, as of validation, get `hard` by itself.
    """

    def __init__(
        self, hard: keras.losses.Loss, soft_targets: SoftTargets, weights: npt.NDArray[np.float64] | None
    ) -> None:
        super().__init__(name="distillation")
        self.hard, self.soft_targets, self.weights = hard, soft_targets, weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Of each text, float [batch]."""
        count, ops = y_pred.shape[-1], keras.ops
        loss = self.hard.call(y_true[:, :count], y_pred)
        if y_true.shape[-1] == count:
            return loss
        if self.weights is not None:
            loss *= ops.sum(y_true[:, :count] * ops.array(self.weights, y_pred.dtype), axis=-1)
        alpha, temperature = self.soft_targets.alpha, self.soft_targets.temperature
        teacher, student = y_true[:, count:], y_pred / temperature
        if self.soft_targets.multi_label:
            cross = ops.binary_crossentropy(teacher, student, from_logits=True)
            distillation = ops.mean(cross - ops.binary_crossentropy(teacher, teacher), axis=-1)
        else:
            distillation = ops.sum(teacher * (ops.log(ops.maximum(teacher, 1e-12)) - ops.log_softmax(student)), axis=-1)
        return alpha * temperature**2 * distillation + (1.0 - alpha) * loss
