"""AdamW with its schedule. Imported where TensorFlow is at hand."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

UNDECAYED = ("bias", "gamma", "beta")
"""Variables without weight decay: biases, scales and shifts of layer normalization."""

MAX_NORM = 1.0
"""Of all gradients of a step together."""


@keras.saving.register_keras_serializable("sentibench")
class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to `peak` over `warmup` steps, then a line that would meet zero one step after the last."""

    def __init__(self, peak: float, warmup: int, steps: int) -> None:
        super().__init__()
        self.peak, self.warmup, self.steps = peak, warmup, steps

    def __call__(self, step: Any) -> Any:
        """The rate of a step, from 0; never zero before `steps`."""
        now = ops.cast(step, "float32")
        rise = (now + 1.0) / max(self.warmup, 1)
        fall = (self.steps - now) / (self.steps - self.warmup)
        return self.peak * ops.maximum(ops.minimum(ops.minimum(rise, fall), 1.0), 0.0)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the schedule."""
        return {"peak": self.peak, "warmup": self.warmup, "steps": self.steps}


@keras.saving.register_keras_serializable("sentibench")
class ClippedAdamW(keras.optimizers.AdamW):
    """AdamW (Loshchilov and Hutter, 2019) on gradients of norm 1 at most, as PyTorch's `Trainer` clips them.

    They are clipped once summed over the replicas. `global_clipnorm` would clip those of each replica before, so that
    the number of replicas would change what is learned.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        gradients, variables = zip(*super()._all_reduce_sum_gradients(grads_and_vars), strict=True)
        clipped, _ = tf.clip_by_global_norm(gradients, MAX_NORM)
        return list(zip(clipped, variables, strict=True))


def adamw(model: keras.Model, schedule: WarmupDecay, decay: float) -> keras.optimizers.Optimizer:
    """The optimizer of a model: its weight decay is apart from the gradient, and of matrices alone."""
    optimizer = ClippedAdamW(schedule, weight_decay=decay, epsilon=1e-6)
    optimizer.exclude_from_weight_decay([v for v in model.trainable_variables if v.name in UNDECAYED])
    return optimizer
