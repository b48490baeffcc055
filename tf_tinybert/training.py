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

from bench.api import BenchError, DeviceUse, Params, RunContext, TokenIds, Training, did_you_mean, epoch_scores
from tf_tinybert.batches import Batches, in_order
from tf_tinybert.journal import BACKUP, Journal, backed_up, own_folder
from tf_tinybert.optimizer import WarmupDecay, adamw
from tf_tinybert.strategy import SCALINGS, Place
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

    def of(self, model: keras.Model, place: Place, jit_compile: bool) -> Callable[[], dict[str, float]]:
        """What gives the scores of the weights that `model` has when it is called."""
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

        def validate() -> dict[str, float]:
            logits = np.zeros((len(self.rows), model.output_shape[-1]), np.float32)
            for chosen, inputs in in_order(self.rows, size * place.replicas, self.widths):
                logits[chosen] = strategy.gather(step(shared(inputs)), axis=0).numpy()[: len(chosen)]
            return epoch_scores(logits, self.labels)

        return validate


def train(
    model: keras.Model, batches: Batches, validation: Validation | None, loss: keras.losses.Loss, params: Params,
    place: Place, device: DeviceUse, context: RunContext,
) -> Training:  # fmt: skip
    """Fit `model`, built under the strategy of `place`, by `loss`; leave it with the weights of its best epoch.

    Without `validation` it trains for all of the epochs and keeps the last weights. A run that was killed resumes
    from its last epoch in the checkpoint folder. A loss that is no number is a `BenchError`. `params`: `epochs`,
    `patience`, `monitor`, `learning_rate`, `lr_scaling`, `warmup`, `weight_decay`, `steps_per_execution`,
    `jit_compile`.
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
    folder = own_folder(context.checkpoint) if context.checkpoint else None
    journal = Journal(
        batches.steps, batches.batch_size, lambda step: float(keras.ops.convert_to_numpy(schedule(step))),
        validation.of(model, place, params["jit_compile"]) if validation else None, params["monitor"],
        params["patience"], folder, context,
    )  # fmt: skip
    callbacks, first = [journal], 0
    if folder:
        first = backed_up(folder)
        callbacks.append(
            keras.callbacks.BackupAndRestore(str(folder / BACKUP), double_checkpoint=True, delete_checkpoint=False)
        )
    model.fit(
        place.strategy.distribute_datasets_from_function(partial(batches.pipeline, first)),
        steps_per_epoch=batches.steps,
        epochs=params["epochs"],
        callbacks=callbacks,
        shuffle=False,  # the batches are shuffled already
        verbose=0,
    )
    return Training(
        examples_per_second=journal.examples_per_second,
        epochs_run=len(journal.history),
        best_epoch=journal.best_epoch,
        history=journal.history,
        device=device,
    )
