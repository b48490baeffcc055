"""Compares `BidirectionalLSTM` with the LSTM of Keras: `python -m tests.baselines.layer` prints the largest gaps."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from baselines.recurrent import BidirectionalLSTM

UNITS, FEATURES, LENGTHS = 5, 4, (6, 3, 1)


def reference(layer: BidirectionalLSTM) -> list[keras.layers.LSTM]:
    """Keras LSTMs with the same weights: their gates stand in the order i, f, c, o, ours in i, c, f, o."""
    swap = np.concatenate([np.arange(UNITS) + gate * UNITS for gate in (0, 2, 1, 3)])
    found = []
    for kernel, bias, backwards in zip(layer.kernels, layer.biases, (False, True), strict=True):
        lstm = keras.layers.LSTM(UNITS, return_sequences=True, go_backwards=backwards)
        lstm.build((None, None, FEATURES))
        both = kernel.numpy()[:, swap]
        lstm.set_weights([both[:FEATURES], both[FEATURES:], bias.numpy()[swap]])
        found.append(lstm)
    return found


def by_keras(lstms: list[keras.layers.LSTM], steps: Any) -> list[Any]:
    """Each text by itself, unpadded: float [length, 2 × units] each."""
    forward, backward = lstms
    rows = [steps[i : i + 1, :length] for i, length in enumerate(LENGTHS)]
    return [tf.concat([forward(row), tf.reverse(backward(row), axis=[1])], axis=-1)[0] for row in rows]


def gaps() -> dict[str, float]:
    """The largest difference in outputs and in the gradients of input, kernels and biases."""
    keras.utils.set_random_seed(3)
    random = np.random.default_rng(3)
    steps = tf.constant(random.normal(size=(len(LENGTHS), max(LENGTHS), FEATURES)), tf.float32)
    weigh = tf.constant(random.normal(size=(len(LENGTHS), max(LENGTHS), 2 * UNITS)), tf.float32)
    layer = BidirectionalLSTM(UNITS)
    with tf.GradientTape() as tape:
        tape.watch(steps)
        ours = layer(steps, np.array(LENGTHS, np.int32))
        total = sum(tf.reduce_sum(ours[i, :n] * weigh[i, :n]) for i, n in enumerate(LENGTHS))
    mine = tape.gradient(total, [steps, *[v.value for v in (*layer.kernels, *layer.biases)]])
    lstms = reference(layer)
    variables = [v.value for lstm in lstms for v in lstm.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(steps)
        theirs = by_keras(lstms, steps)
        total = sum(tf.reduce_sum(row * weigh[i, : len(row)]) for i, row in enumerate(theirs))
    wanted = tape.gradient(total, [steps, *variables])
    swap = np.concatenate([np.arange(UNITS) + gate * UNITS for gate in (0, 2, 1, 3)])
    kernels = [np.concatenate([wanted[i], wanted[i + 1]])[:, swap] for i in (1, 4)]
    biases = [wanted[i].numpy()[swap] for i in (3, 6)]
    return {
        "output": max(float(np.abs(ours[i, :n] - theirs[i]).max()) for i, n in enumerate(LENGTHS)),
        "input": float(np.abs(mine[0] - wanted[0]).max()),
        "kernels": max(float(np.abs(a - b).max()) for a, b in zip(mine[1:3], kernels, strict=True)),
        "biases": max(float(np.abs(a - b).max()) for a, b in zip(mine[3:5], biases, strict=True)),
    }


if __name__ == "__main__":
    print(json.dumps(gaps()))
