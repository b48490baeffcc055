"""What validation says after an epoch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MONITORS = ("accuracy", "macro_f1", "macro_recall", "loss")


def scores(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> dict[str, float]:
    """Of logits [n, labels] against labels [n]: `loss` (cross-entropy in nats), `accuracy`, `macro_f1`, `macro_recall`.

    A label without a text scores 0, as in scikit-learn with `zero_division=0`; labels that are neither there nor
    predicted do not count.
    """
    count = logits.shape[1]
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    table = np.bincount(labels * count + logits.argmax(axis=1), minlength=count**2).reshape(count, count)
    right, real, told = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    met = real + told > 0
    return {
        "loss": float(losses.mean()),
        "accuracy": float(right.sum() / len(labels)),
        "macro_f1": float((2 * right[met] / (real + told)[met]).mean()),
        "macro_recall": float((right[met] / np.maximum(real[met], 1)).mean()),
    }
