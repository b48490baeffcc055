"""Training a Keras classifier: seeds, precision, batches, epochs. Imported where TensorFlow is at hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from baselines.criterion import DistillationLoss, EachLabelLoss
from bench.api import (
    BenchError,
    DeviceUse,
    EpochLog,
    Params,
    RunContext,
    Split,
    Training,
    class_weights,
    did_you_mean,
    epoch_scores,
    label_weights,
)

SCHEDULES = ("cosine", "linear", "constant")
PRECISIONS = ("auto", "float32", "mixed_bfloat16")
MONITORS = ("accuracy", "macro_f1", "macro_recall")


@dataclass(frozen=True)
class Batches:
    """(inputs, `targets`) batches of any epoch, and the counts of one."""

    epoch: Callable[[Any], tf.data.Dataset]
    """The batches of the epoch of that number (an int, or a tensor int64 []), the same at every call."""
    examples: int
    steps: int

    def pipeline(self, first: int = 0) -> tf.data.Dataset:
        """Epoch after epoch without an end, from step `first` on."""
        done, within = divmod(first, self.steps)
        batches = tf.data.Dataset.counter(done).flat_map(self.epoch).skip(within)
        return batches.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)).prefetch(4)


def prepare_device(seed: int, precision: str, requested: str) -> DeviceUse:
    """Seed everything, make operations deterministic, set device and precision; what is really used.

    `precision` is `float32`, `mixed_bfloat16`, or `auto`: the latter on a GPU, float32 on a CPU. `requested` is `auto`,
    `cpu` or `gpu`.
    """
    if precision not in PRECISIONS:
        raise BenchError(f"precision={precision}: {did_you_mean(precision, PRECISIONS)}")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    if requested == "gpu" and not gpus:
        raise BenchError("device 'gpu' was requested, but TensorFlow finds none here: use --device cpu or auto")
    if requested == "cpu" and gpus:
        tf.config.set_visible_devices([], "GPU")
    on_gpu = bool(gpus) and requested != "cpu"
    policy = "mixed_bfloat16" if precision == "auto" and on_gpu else "float32" if precision == "auto" else precision
    keras.config.set_dtype_policy(policy)
    return DeviceUse(actual="gpu" if on_gpu else "cpu", dtype=policy)


def train(
    model: keras.Model,
    training: Batches,
    validation: Batches | None,
    split: Split,
    params: Params,
    device: DeviceUse,
    context: RunContext,
) -> Training:
    """Fit `model` (logits out) with AdamW and keep the weights of the epoch that is best on validation.

    Without `validation` it trains for all of the epochs and keeps the last weights. A run that was killed goes on from
    the step that was last stored in the checkpoint folder, minutes before, and ends as if it had not been.

    `split` are the training texts, for class weights and soft targets. `params`: `epochs`, `patience`,
    `learning_rate` (the peak, after a linear warm-up over a twentieth of the steps), `schedule` (what follows: a
    `cosine` or a `linear` way down to zero, or `constant`), `weight_decay`, `label_smoothing`, `class_weight`, `ema`
    (the momentum of an average of the weights over the steps, which is then what is validated and stored; 0 for none),
    `monitor` (the score that chooses the best epoch). A loss that is no number is a `BenchError`.
    """
    check(params)
    loss, weights = _loss(split, params)
    schedule = _schedule(training.steps * params["epochs"], params)
    average = {"use_ema": True, "ema_momentum": params["ema"]} if params["ema"] else {}
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=params["weight_decay"], clipnorm=1.0, **average)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss, jit_compile=False)
    log = EpochLog(
        training.steps, training.examples, params, lambda step: float(keras.ops.convert_to_numpy(schedule(step))),
        _validation(model, validation, bool(average), split.multi_label) if validation else None,
        lambda: [*model.variables, *optimizer.variables, *model.metrics_variables], context,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*shuffle=True.*")
        model.fit(  # with an average of the weights, it ends with that in the model
            training.pipeline(log.step),
            steps_per_epoch=log.total - log.step,
            callbacks=[Steps(log)],
            class_weight=None if weights is None else dict(enumerate(weights)),
            verbose=0,
        )
    if log.best:
        model.set_weights(log.best)
    return log.training(replace(device, batch_per_replica=params["batch_size"]))


def _loss(split: Split, params: Params) -> tuple[keras.losses.Loss, npt.NDArray[np.float64] | None]:
    """The loss, and what each label weighs in it where the loss does not know."""
    if split.multi_label:
        each = EachLabelLoss(params["label_smoothing"], label_weights(split.labels, params["class_weight"]))
        return DistillationLoss(each, split.soft_targets, None) if split.soft_targets else each, None
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=params["label_smoothing"])
    weights = class_weights(split.labels, len(split.label_names), params["class_weight"])
    if split.soft_targets:
        return DistillationLoss(loss, split.soft_targets, weights), None
    return loss, weights


class Steps(keras.callbacks.Callback):
    """Tells the log of each step. All epochs are one to Keras, so that a killed training goes on from any step."""

    def __init__(self, log: EpochLog) -> None:
        super().__init__()
        self.log, self.first = log, log.step

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keras has just set the mean of the loss to zero: a killed training's is put back."""
        self.log.begin()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The mean of the loss is that of an epoch."""
        step = self.first + batch + 1
        if step % self.log.steps == 0:
            self.model.reset_metrics()
        self.log.after(step, float((logs or {})["loss"]))
        self.model.stop_training = self.log.over


def _validation(
    model: keras.Model, batches: Batches, averaged: bool, multi_label: bool
) -> Callable[[], tuple[dict[str, float], list[Any]]]:
    """What gives the scores on `batches`, and the weights that have them: those of the model, or their average."""
    forward = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)
    average = keras.callbacks.SwapEMAWeights()
    average.set_model(model)

    def validate() -> tuple[dict[str, float], list[Any]]:
        if averaged:
            average.on_test_begin()
        found = [(forward(inputs).numpy(), targets.numpy()) for inputs, targets in batches.epoch(0)]
        weights = model.get_weights()
        if averaged:
            average.on_test_end()
        logits, targets = map(np.concatenate, zip(*found, strict=True))
        hard = targets[:, : logits.shape[1]]
        return epoch_scores(logits, hard.astype(np.int64) if multi_label else hard.argmax(axis=1)), weights

    return validate


def check(params: Params) -> None:
    """A `BenchError` for an `ema`, a `monitor` or a `schedule` that cannot be."""
    if not 0.0 <= params["ema"] < 1.0:
        raise BenchError(f"ema={params['ema']:g}: give 0 for none, or a momentum below 1 such as 0.998")
    for key, options in (("monitor", MONITORS), ("schedule", SCHEDULES)):
        if params[key] not in options:
            raise BenchError(f"{key}={params[key]}: {did_you_mean(str(params[key]), options)}")


def _schedule(steps: int, params: Params) -> keras.optimizers.schedules.LearningRateSchedule:
    warmup, peak = steps // 20, params["learning_rate"]
    if params["schedule"] == "cosine":
        return keras.optimizers.schedules.CosineDecay(
            0.0, decay_steps=steps - warmup, warmup_target=peak, warmup_steps=warmup
        )
    return StraightSchedule(peak, warmup, steps, falls=params["schedule"] == "linear")


class StraightSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to `peak` over `warmup` steps, then `peak` or, where it `falls`, a line to zero at `steps`."""

    def __init__(self, peak: float, warmup: int, steps: int, falls: bool) -> None:
        super().__init__()
        self.peak, self.warmup, self.steps, self.falls = peak, warmup, steps, falls

    def __call__(self, step: Any) -> Any:
        """The rate of a step, from 0."""
        now = keras.ops.cast(step, "float32")
        share = keras.ops.ones_like(now)
        if self.warmup:
            share = keras.ops.minimum(share, now / self.warmup)
        if self.falls:
            share = keras.ops.minimum(share, (self.steps - now) / (self.steps - self.warmup))
        return self.peak * keras.ops.maximum(share, 0.0)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the schedule."""
        return {"peak": self.peak, "warmup": self.warmup, "steps": self.steps, "falls": self.falls}
