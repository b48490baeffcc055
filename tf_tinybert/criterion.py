"""What a training step is judged by: labels and, where there is a teacher, what it says. Imported with TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from bench.api import Split, Teaching


def targets(split: Split) -> npt.NDArray[Any]:
    """Labels int32 [n]; with a teacher float32 [n, 1 + labels]: the label, then what it says at its temperature."""
    if split.teaching is None:
        return split.labels.astype(np.int32)
    return np.column_stack([split.labels.astype(np.float32), split.teaching.softened()])


def criterion(teaching: Teaching | None) -> keras.losses.Loss:
    """Cross-entropy of logits with `targets`, mixed as `Teaching` says where there is one."""
    return Taught(teaching) if teaching else keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Taught(keras.losses.Loss):
    """alpha · T² · KL(teacher ‖ student) + (1 − alpha) · cross-entropy (Hinton et al., 2015)."""

    def __init__(self, teaching: Teaching) -> None:
        super().__init__(name="taught")
        self.alpha, self.temperature = teaching.alpha, teaching.temperature

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Of each text, float [batch]."""
        labels, theirs = ops.cast(y_true[:, 0], "int32"), y_true[:, 1:]
        hard = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=True)
        own = ops.log_softmax(y_pred / self.temperature)
        told = ops.sum(theirs * (ops.log(ops.maximum(theirs, 1e-12)) - own), axis=-1)
        return self.alpha * self.temperature**2 * told + (1.0 - self.alpha) * hard
