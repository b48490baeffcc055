"""Batches of texts of like length in a few static shapes, each replica its part. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.api import BenchError
from tf_tinybert.tokens import Inputs, Rows

WIDTHS = (16, 32, 64, 128, 256)
"""Batches are padded to the first of these that their longest text fits into: XLA compiles once for each."""


def widths(rows: Rows, limit: int, fixed: bool) -> tuple[int, ...]:
    """The widths that batches of `rows` may have, up to `limit`; with `fixed` the widest alone, as a TPU wants it."""
    longest = int(rows.lengths.max())
    found = [width for width in WIDTHS if width < limit] + [limit]
    found = found[: next(i for i, width in enumerate(found) if width >= longest) + 1]
    return tuple(found[-1:] if fixed else found)


@dataclass(frozen=True)
class Batches:
    """Training batches, shuffled anew for each epoch: texts first, then in batches of like length, then these.

    Every epoch has exactly `steps` batches of `batch_size` texts. The few texts that are left over (fewer than a batch)
    are others in each epoch, drawn from all lengths; a batch that its own width cannot fill takes shorter texts.
    """

    rows: Rows
    labels: npt.NDArray[np.int64]
    batch_size: int
    widths: tuple[int, ...]
    seed: int

    def __post_init__(self) -> None:
        if len(self.rows) < self.batch_size:
            raise BenchError(
                f"batch_size={self.batch_size} is more than the {len(self.rows)} training texts: lower batch_size"
            )

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return len(self.rows) // self.batch_size

    def pipeline(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """One epoch each time it is iterated: what the replicas of one input pipeline see, a replica's part at a time.

        Elements are (inputs int32 [batch of a replica, width], labels int32 [batch of a replica]). All pipelines draw
        the same order, so that the parts of a step are those of one batch.
        """
        replicas = context.num_replicas_in_sync
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local
        size = self.batch_size // replicas

        def epoch(seed: tf.Tensor) -> tf.data.Dataset:
            rows, width = self._order(seed)
            mine = tf.reshape(rows, (self.steps, replicas, size))[:, first : first + local]
            parts = tf.reshape(mine, (self.steps * local, size))
            return tf.data.Dataset.from_tensor_slices((parts, tf.repeat(width, local)))

        seeds = tf.data.Dataset.random(seed=self.seed, rerandomize_each_iteration=True).take(1)
        return seeds.flat_map(epoch).map(self._batch, num_parallel_calls=2).prefetch(4)

    def _order(self, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Row numbers int32 [steps, batch] and the width of each batch, int32 [steps]."""
        pair = tf.stack([seed, tf.constant(self.seed, tf.int64)])
        shuffle = tf.random.experimental.stateless_shuffle
        bucket = tf.constant(np.searchsorted(self.widths, self.rows.lengths), tf.int32)
        order = shuffle(tf.range(len(self.rows)), pair)[: self.steps * self.batch_size]
        longest_first = tf.argsort(tf.gather(bucket, order), direction="DESCENDING", stable=True)
        rows = tf.reshape(tf.gather(order, longest_first), (self.steps, self.batch_size))
        turn = shuffle(tf.range(self.steps), pair + 1)
        rows = tf.gather(rows, turn)
        return rows, tf.gather(tf.constant(self.widths, tf.int32), tf.gather(bucket, rows[:, 0]))

    def _batch(self, rows: tf.Tensor, width: tf.Tensor) -> Any:
        """What the network takes of these rows."""
        width = self.widths[0] if len(self.widths) == 1 else width  # one width is a shape known when it is traced
        starts = tf.gather(tf.constant(self.rows.starts), rows)
        lengths = tf.gather(tf.constant(self.rows.lengths), rows)
        places = tf.range(width, dtype=tf.int64)[tf.newaxis]
        real = places < lengths[:, tf.newaxis]
        flat = tf.gather(tf.constant(self.rows.flat), tf.where(real, starts[:, tf.newaxis] + places, 0))
        inputs = {"token_ids": tf.where(real, flat, 0), "padding_mask": tf.cast(real, tf.int32)}
        return inputs, tf.gather(tf.constant(self.labels, tf.int32), rows)


def in_order(rows: Rows, size: int, widths: tuple[int, ...]) -> Iterator[tuple[npt.NDArray[np.int64], Inputs]]:
    """All rows, the shortest first, in batches of exactly `size`: (row numbers, inputs).

    The last batch is filled up with its first row: there are fewer row numbers than rows in it.
    """
    order = np.argsort(rows.lengths, kind="stable")
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        width = widths[int(np.searchsorted(widths, rows.lengths[chosen].max()))]
        filled = np.concatenate([chosen, np.repeat(chosen[:1], size - len(chosen))])
        yield chosen, rows.padded(filled, width)
