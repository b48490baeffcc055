"""Batches of texts of like length, each of one of a few shapes. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.api import BenchError, TokenIds
from tf_tinybert.tokens import Inputs, padded

WIDTHS = (16, 32, 64, 128, 256)
"""Batches are padded to the first of these that their longest text fits into: TensorFlow traces, and XLA
compiles, once for each, so that there are few; each doubles the one before: padding at most doubles a longer text."""


def widths(rows: TokenIds, limit: int, fixed: bool) -> tuple[int, ...]:
    """The widths that batches of `rows` may have, up to `limit`; with `fixed` the widest alone."""
    longest = int(rows.lengths.max())
    usable = [width for width in WIDTHS if width < limit] + [limit]
    usable = usable[: next(i for i, width in enumerate(usable) if width >= longest) + 1]
    return tuple(usable[-1:] if fixed else usable)


@dataclass(frozen=True)
class Batches:
    """Training batches, shuffled again for each epoch: texts first, then in batches of like length, then these.

    Every epoch has exactly `steps` batches of `batch_size` texts. The few remaining texts (fewer than a batch)
    are others in each epoch, drawn from all lengths; a batch that its own width cannot fill takes shorter texts.
    """

    rows: TokenIds
    targets: npt.NDArray[Any]
    """One for each row, as `criterion.targets` makes them."""
    batch_size: int
    widths: tuple[int, ...]
    seed: int
    together: int = 1
    """An epoch is a multiple of so many batches: those that Keras runs at one go."""

    def __post_init__(self) -> None:
        if not self.steps:
            raise BenchError(
                f"{self.together} × {self.batch_size} texts are more than the {len(self.rows)} for training: lower "
                "batch_size or steps_per_execution"
            )

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return len(self.rows) // self.batch_size // self.together * self.together

    def pipeline(self, first: int, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """Epoch after epoch without an end, from step `first` on: what the replicas of one input pipeline see.

        Elements are (inputs int32 [batch of a replica, width], targets of a replica), a replica's part
        after the other. All pipelines draw the same order, so that the parts of a step are those of one batch; so does
        a run that goes on after a kill.

        There is no end for Keras to run into: where it does, the ops of that last step that need no data have run
        already. The step is counted, the rate falls, weights decay.
        """
        replicas = context.num_replicas_in_sync
        local = replicas // context.num_input_pipelines
        mine = slice(context.input_pipeline_id * local, (context.input_pipeline_id + 1) * local)
        size = self.batch_size // replicas

        def epoch(number: tf.Tensor) -> tf.data.Dataset:
            rows, width = self._order(number)
            parts = tf.reshape(tf.reshape(rows, (self.steps, replicas, size))[:, mine], (self.steps * local, size))
            return tf.data.Dataset.from_tensor_slices((parts, tf.repeat(width, local)))

        done, within = divmod(first, self.steps)
        orders = tf.data.Dataset.counter(done).flat_map(epoch).skip(within * local)
        batches = orders.map(self._batch, num_parallel_calls=2)
        return batches.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)).prefetch(4)

    def _order(self, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Row numbers int32 [steps, batch] and the width of each batch, int32 [steps]."""
        shuffle = tf.random.experimental.stateless_shuffle
        texts, turns = (tf.stack([2 * number + kind, tf.constant(self.seed, tf.int64)]) for kind in (0, 1))
        bucket = tf.constant(np.searchsorted(self.widths, self.rows.lengths), tf.int32)
        order = shuffle(tf.range(len(self.rows)), texts)[: self.steps * self.batch_size]
        longest_first = tf.argsort(tf.gather(bucket, order), direction="DESCENDING", stable=True)
        rows = tf.reshape(tf.gather(order, longest_first), (self.steps, self.batch_size))
        rows = tf.gather(rows, shuffle(tf.range(self.steps), turns))
        return rows, tf.gather(tf.constant(self.widths, tf.int32), tf.gather(bucket, rows[:, 0]))

    def _batch(self, rows: tf.Tensor, width: tf.Tensor) -> Any:
        """What the network takes of these rows."""
        width = self.widths[0] if len(self.widths) == 1 else width  # one width is a static shape when it is traced
        starts = tf.gather(tf.constant(self.rows.starts), rows)
        lengths = tf.gather(tf.constant(self.rows.lengths), rows)
        places = tf.range(width, dtype=tf.int64)[tf.newaxis]
        real = places < lengths[:, tf.newaxis]
        flat = tf.gather(tf.constant(self.rows.flat), tf.where(real, starts[:, tf.newaxis] + places, 0))
        inputs = {"token_ids": tf.where(real, flat, 0), "padding_mask": tf.cast(real, tf.int32)}
        return inputs, tf.gather(tf.constant(self.targets), rows)


def in_order(rows: TokenIds, size: int, widths: tuple[int, ...]) -> Iterator[tuple[npt.NDArray[np.int64], Inputs]]:
    """All rows, the shortest first, in batches of exactly `size`: (row numbers, inputs).

    The last batch is filled up with its first row: there are fewer row numbers than rows in it.
    """
    order = np.argsort(rows.lengths, kind="stable")
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        width = widths[int(np.searchsorted(widths, rows.lengths[chosen].max()))]
        filled = np.concatenate([chosen, np.repeat(chosen[:1], size - len(chosen))])
        yield chosen, padded(rows, filled, width)
