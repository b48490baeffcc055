"""The loss of a training step: by labels and, where there is a teacher, its soft targets. Imported with TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from bench.api import Split, class_weights


def targets(split: Split) -> npt.NDArray[Any]:
    """Labels int32 [n]; with a teacher float32 [n, 1 + labels]: the label, then the softened targets."""
    if split.soft_targets is None:
        return split.labels.astype(np.int32)
    return np.column_stack([split.labels.astype(np.float32), split.soft_targets.softened()])


def criterion(train: Split, class_weight: str) -> keras.losses.Loss:
    """Of logits with `targets`: cross-entropy, its labels weighted alike or `balanced`, and distillation."""
    weights = class_weights(train.labels, len(train.label_names), class_weight)
    if train.soft_targets is None and weights is None:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return Criterion(train, weights)


class Criterion(keras.losses.Loss):
    """alpha · T² · KL(teacher ‖ student) + (1 − alpha) · weight of the label · cross-entropy (Hinton et al., 2015)."""

    def __init__(self, train: Split, weights: npt.NDArray[np.float64] | None) -> None:
        super().__init__(name="criterion")
        self.soft_targets, self.weights = train.soft_targets, weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Of each text, float [batch]."""
        labels = ops.cast(y_true if self.soft_targets is None else y_true[:, 0], "int32")
        labels = ops.reshape(labels, (-1,))
        hard = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=True)
        if self.weights is not None:
            hard = hard * ops.take(ops.convert_to_tensor(self.weights, hard.dtype), labels)
        if self.soft_targets is None:
            return hard
        alpha, temperature = self.soft_targets.alpha, self.soft_targets.temperature
        teacher, student = y_true[:, 1:], ops.log_softmax(y_pred / temperature)
        distillation = ops.sum(teacher * (ops.log(ops.maximum(teacher, 1e-12)) - student), axis=-1)
        return alpha * temperature**2 * distillation + (1.0 - alpha) * hard
