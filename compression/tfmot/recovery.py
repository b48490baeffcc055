"""Recovery training of a `tf_keras` model: seeded, best epoch on validation. Imported where TensorFlow is at hand."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import tf_keras

from baselines.training import Batches
from bench.api import BenchError, DeviceUse, Params, RunContext, Training, class_weights, epoch_scores

PROGRESS_EVERY = 20
"""Training steps between two progress reports."""


@dataclass
class Journal(tf_keras.callbacks.Callback):
    """Scores each epoch on `checks`, keeps the best weights from the epoch `first` on, reports progress."""

    batches: Batches
    checks: Batches | None
    epochs: int
    monitor: str
    context: RunContext
    first: int = 1
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int | None = None
    best: list[npt.NDArray[Any]] | None = None
    steps: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """A loss that is no number ends the training."""
        self.steps += 1
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise BenchError("the loss became NaN or infinite in recovery: lower learning_rate")
        if self.steps % PROGRESS_EVERY == 0:
            self._report(loss=loss)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """One entry of the history; the weights are stored where no epoch that counts was better."""
        self.seconds += time.perf_counter() - self.started
        entry = {"epoch": float(epoch + 1), "loss": float((logs or {})["loss"])}
        if self.checks is not None:
            entry |= {f"validation_{name}": value for name, value in self._scores().items()}
            self._keep(entry, f"validation_{self.monitor}")
        self.history.append(entry)
        self._report(**{name: value for name, value in entry.items() if name != "epoch"})

    def _report(self, **values: float) -> None:
        self.context.progress(
            self.steps, self.batches.steps * self.epochs, epoch=self.steps / self.batches.steps, **values
        )

    def _keep(self, entry: dict[str, float], key: str) -> None:
        if entry["epoch"] < self.first:
            return
        before = self.history[self.best_epoch - 1][key] if self.best_epoch else -math.inf
        if entry[key] > before:
            self.best_epoch, self.best = int(entry["epoch"]), [v.numpy() for v in self.model.weights]

    def _scores(self) -> dict[str, float]:
        logits, labels = [], []
        for inputs, one_hot in self.checks.epoch(0) if self.checks else ():
            logits.append(self.model(inputs, training=False).numpy())
            labels.append(one_hot.numpy().argmax(axis=1))
        return epoch_scores(np.concatenate(logits), np.concatenate(labels))


def recover(
    model: tf_keras.Model,
    batches: Batches,
    checks: Batches | None,
    labels: npt.NDArray[np.int64],
    params: Params,
    device: DeviceUse,
    context: RunContext,
    callbacks: Sequence[tf_keras.callbacks.Callback] = (),
    first: int = 1,
) -> Training:
    """Fit `model` (logits out) for `epochs` and leave it with the weights of its best epoch from `first` on.

    `labels` are those of the training texts. `params`: `epochs`, `learning_rate` (the peak of a cosine that ends at
    zero), and as the parent was trained `batch_size`, `label_smoothing`, `class_weight`, `monitor`. Without `checks`
    the last weights stay. A loss that is no number is a `BenchError`.
    """
    rate = tf_keras.optimizers.schedules.CosineDecay(params["learning_rate"], batches.steps * params["epochs"])
    model.compile(
        tf_keras.optimizers.Adam(rate, clipnorm=1.0),
        tf_keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=params["label_smoothing"]),
        jit_compile=False,
    )
    weights = class_weights(labels, model.output_shape[-1], params["class_weight"])
    journal = Journal(batches, checks, params["epochs"], params["monitor"], context, first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(
            batches.pipeline(),
            steps_per_epoch=batches.steps,
            epochs=params["epochs"],
            callbacks=[*callbacks, journal],  # pruning masks the weights at the end of an epoch: it goes first
            class_weight=None if weights is None else dict(enumerate(weights)),
            verbose=0,
        )
    if journal.best is not None:
        for variable, value in zip(model.weights, journal.best, strict=True):
            variable.assign(value)
    return Training(
        examples_per_second=batches.examples * params["epochs"] / journal.seconds,
        epochs_run=len(journal.history),
        best_epoch=journal.best_epoch,
        history=journal.history,
        device=device,
    )
