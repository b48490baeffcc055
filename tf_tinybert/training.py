"""Fine-tuning under a strategy. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.api import (
    BenchError,
    DeviceUse,
    EpochLog,
    Params,
    RunContext,
    TokenIds,
    Training,
    did_you_mean,
    epoch_scores,
)
from tf_tinybert.batches import Batches, in_order
from tf_tinybert.optimizer import WarmupDecay, adamw
from tf_tinybert.strategy import SCALINGS, Place, is_chief
from tf_tinybert.tokens import Inputs

EVAL_BATCH = 128
"""Texts that are validated at once, over all replicas."""
MONITORS = ("accuracy", "macro_f1", "macro_recall", "loss")


@dataclass(frozen=True)
class Validation:
    """Scores a model on `rows` with `labels` int64 [n], in batches of static shapes that the replicas share."""

    rows: TokenIds
    labels: npt.NDArray[np.int64]
    widths: tuple[int, ...]

    def of(self, model: keras.Model, place: Place, jit_compile: bool) -> Callable[[], tuple[dict[str, float], Any]]:
        """What gives the scores of the weights that `model` has when it is called, and these weights."""
        size = -(-EVAL_BATCH // place.replicas)
        forward = tf.function(lambda inputs: model(inputs, training=False), jit_compile=jit_compile)
        strategy = place.strategy

        step = tf.function(lambda inputs: strategy.run(forward, args=(inputs,)))

        def shared(inputs: Inputs) -> Any:
            """Each replica's part of a batch."""

            def part(context: Any) -> Any:
                first = context.replica_id_in_sync_group * size
                return {name: tf.constant(value[first : first + size]) for name, value in inputs.items()}

            return strategy.experimental_distribute_values_from_function(part)

        def validate() -> tuple[dict[str, float], Any]:
            logits = np.zeros((len(self.rows), model.output_shape[-1]), np.float32)
            for chosen, inputs in in_order(self.rows, size * place.replicas, self.widths):
                logits[chosen] = strategy.gather(step(shared(inputs)), axis=0).numpy()[: len(chosen)]
            return epoch_scores(logits, self.labels), model.get_weights()

        return validate


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


def train(
    model: keras.Model, batches: Batches, validation: Validation | None, loss: keras.losses.Loss, params: Params,
    place: Place, device: DeviceUse, context: RunContext,
) -> Training:  # fmt: skip
    """Fit `model`, built under the strategy of `place`, by `loss`; leave it with the weights of its best epoch.

    Without `validation` it trains for all of the epochs and keeps the last weights. A run that was killed goes on from
    the step that was last stored in the checkpoint folder, minutes before, and ends as if it had not been. A loss that
    is no number is a `BenchError`. `params`: `epochs`, `patience`, `monitor`, `learning_rate`, `lr_scaling`, `warmup`,
    `weight_decay`, `steps_per_execution`, `jit_compile`.
    """
    if params["monitor"] not in MONITORS:
        raise BenchError(f"monitor={params['monitor']}: {did_you_mean(str(params['monitor']), MONITORS)}")
    steps = batches.steps * params["epochs"]
    peak = params["learning_rate"] * SCALINGS[params["lr_scaling"]](place.replicas)
    schedule = WarmupDecay(peak, min(int(params["warmup"] * steps), steps - 1), steps)
    with place.strategy.scope():
        optimizer = adamw(model, schedule, params["weight_decay"])
        optimizer.build(model.trainable_variables)
        model.compile(
            optimizer,
            loss,
            steps_per_execution=params["steps_per_execution"],
            jit_compile=params["jit_compile"],
        )
    log = EpochLog(
        batches.steps, batches.steps * batches.batch_size, params,
        lambda step: float(keras.ops.convert_to_numpy(schedule(step))),
        validation.of(model, place, params["jit_compile"]) if validation else None,
        partial(_state, model, place), context, writes=is_chief(),
    )  # fmt: skip
    if place.name == "multiworker" and not _is_shared(log.step, place):
        log.forget()
    model.fit(
        place.strategy.distribute_datasets_from_function(partial(batches.pipeline, log.step)),
        steps_per_epoch=log.total - log.step,
        callbacks=[Steps(log)],
        shuffle=False,  # the batches are shuffled already
        verbose=0,
    )
    if log.best:
        model.set_weights(log.best)
    return log.training(device)


def _state(model: keras.Model, place: Place) -> list[keras.Variable]:
    """All that the next step depends on.

    Of several processes one alone reads it, and the mean of the loss cannot be read by one alone: there, the history
    has for an epoch that was cut off the mean over its steps since.
    """
    loss = [] if place.name == "multiworker" else model.metrics_variables
    return [*model.variables, *model.optimizer.variables, *loss]


def _is_shared(step: int, place: Place) -> bool:
    """Whether all processes have found the same step: the checkpoint folder may be on a disk that not all see."""

    def squares() -> tuple[tf.Tensor, tf.Tensor]:
        context = tf.distribute.get_replica_context()
        here = tf.constant(step, tf.int64)
        return context.all_reduce("SUM", here), context.all_reduce("SUM", here * here)

    total, square = (place.strategy.experimental_local_results(v)[0] for v in place.strategy.run(tf.function(squares)))
    return bool(total * total == place.replicas * square)  # equal where all numbers are (Cauchy and Schwarz)
