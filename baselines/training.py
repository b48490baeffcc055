"""Training a Keras classifier: seeds, precision, callbacks, history. Imported where TensorFlow is at hand."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf

from baselines.criterion import Accuracy, DistillationLoss, MacroRecall
from bench.api import BenchError, DeviceUse, Params, RunContext, Split, Training, class_weights, did_you_mean

SCHEDULES = ("cosine", "linear", "constant")
PRECISIONS = ("auto", "float32", "mixed_bfloat16")
MONITORS = ("accuracy", "macro_recall")
PROGRESS_EVERY = 20
"""Training steps between two progress reports."""


@dataclass(frozen=True)
class Batches:
    """A data set of (inputs, `targets`) batches for one epoch, with its counts."""

    dataset: tf.data.Dataset
    examples: int
    steps: int


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

    Without `validation` it trains for all of the epochs and keeps the last weights.

    `split` are the training texts, for class weights and soft targets. `params`: `epochs`, `patience`,
    `learning_rate` (the peak, after a linear warm-up over a twentieth of the steps), `schedule` (what follows: a
    `cosine` or a `linear` way down to zero, or `constant`), `weight_decay`, `label_smoothing`, `class_weight`, `ema`
    (the momentum of an average of the weights over the steps, which is then what is validated and stored; 0 for none),
    `monitor` (the score that chooses the best epoch). A loss that is no number is a `BenchError`.
    """
    check(params)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=params["label_smoothing"])
    weights = class_weights(split.labels, len(split.label_names), params["class_weight"])
    if split.soft_targets:
        loss, weights = DistillationLoss(loss, split.soft_targets, weights), None
    optimizer = _optimizer(training.steps * params["epochs"], params)
    model.compile(optimizer, loss, metrics=[Accuracy(), MacroRecall()], jit_compile=False)
    stopping = keras.callbacks.EarlyStopping(
        monitor=f"val_{params['monitor']}", mode="max", patience=params["patience"], restore_best_weights=True
    )
    journal = Journal(training, params["epochs"], context)
    # First of the callbacks: it puts the averaged weights into the model before the others look at them.
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if params["ema"] else []
    chosen = [stopping] if validation else []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(ran out of data|shuffle=True).*")
        model.fit(
            training.dataset,
            validation_data=validation.dataset if validation else None,
            epochs=params["epochs"],
            callbacks=[*averaging, *chosen, keras.callbacks.TerminateOnNaN(), journal],
            class_weight=None if weights is None else dict(enumerate(weights)),
            verbose=0,
        )
    if not journal.finite:
        raise BenchError(f"the loss became NaN or infinite: lower learning_rate (it is {params['learning_rate']:g})")
    return Training(
        examples_per_second=journal.examples_per_second,
        epochs_run=len(journal.history),
        best_epoch=stopping.best_epoch + 1 if validation else None,
        history=journal.history,
        device=replace(device, batch_per_replica=params["batch_size"]),
    )


def check(params: Params) -> None:
    """A `BenchError` for an `ema`, a `monitor` or a `schedule` that cannot be."""
    if not 0.0 <= params["ema"] < 1.0:
        raise BenchError(f"ema={params['ema']:g}: give 0 for none, or a momentum below 1 such as 0.998")
    for key, options in (("monitor", MONITORS), ("schedule", SCHEDULES)):
        if params[key] not in options:
            raise BenchError(f"{key}={params[key]}: {did_you_mean(str(params[key]), options)}")


def _optimizer(steps: int, params: Params) -> keras.optimizers.Optimizer:
    warmup, peak = steps // 20, params["learning_rate"]
    if params["schedule"] == "cosine":
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, decay_steps=steps - warmup, warmup_target=peak, warmup_steps=warmup
        )
    else:
        schedule = StraightSchedule(peak, warmup, steps, falls=params["schedule"] == "linear")
    average = {"use_ema": True, "ema_momentum": params["ema"]} if params["ema"] else {}
    return keras.optimizers.AdamW(schedule, weight_decay=params["weight_decay"], clipnorm=1.0, **average)


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


class Journal(keras.callbacks.Callback):
    """What a training did: its history, its speed, and a progress report every few steps."""

    def __init__(self, training: Batches, epochs: int, context: RunContext) -> None:
        super().__init__()
        self.training, self.total_steps, self.context = training, training.steps * epochs, context
        self.history: list[dict[str, float]] = []
        self.finite = True
        self._seconds = 0.0
        self._started: float | None = None
        self._steps = self._examples = 0

    @property
    def examples_per_second(self) -> float | None:
        """Training examples over the seconds of training steps; validation is left out."""
        return self._examples / self._seconds if self._seconds else None

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report progress every few steps."""
        self._steps += 1
        self.finite = self.finite and math.isfinite((logs or {}).get("loss", 0.0))
        if self._steps % PROGRESS_EVERY == 0:
            self.context.progress(self._steps, self.total_steps, loss=float((logs or {}).get("loss", 0.0)))

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """The training steps of this epoch are over: stop the clock."""
        self._stop_clock()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """One entry of the history."""
        self._stop_clock()
        logs = logs or {}
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        entry = {"epoch": float(epoch + 1), "loss": float(logs["loss"]), "learning_rate": rate}
        entry |= {f"validation_{k[4:]}": float(v) for k, v in logs.items() if k.startswith("val_")}
        self.history.append(entry)
        self.context.progress(self._steps, self.total_steps, **{k: v for k, v in entry.items() if k != "epoch"})

    def _stop_clock(self) -> None:
        """Once an epoch: where its validation begins or, without one, at its end."""
        if self._started is not None:
            self._seconds += time.perf_counter() - self._started
            self._examples += self.training.examples
            self._started = None
