"""What the labels of a training set weigh in its loss."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError, did_you_mean

CLASS_WEIGHTS = ("none", "balanced")


def class_weights(labels: npt.NDArray[np.int64], n_labels: int, kind: str) -> npt.NDArray[np.float64] | None:
    """`balanced`: scikit-learn's weight of each label, float64 [n_labels], 1 for one without a text; `none`: None."""
    if kind not in CLASS_WEIGHTS:
        raise BenchError(f"class_weight={kind}: {did_you_mean(kind, CLASS_WEIGHTS)}")
    if kind == "none":
        return None
    from sklearn.utils.class_weight import compute_class_weight

    present = np.unique(labels)
    weights = np.ones(n_labels)
    weights[present] = compute_class_weight("balanced", classes=present, y=labels)
    return weights


def label_weights(labels: npt.NDArray[np.int64], kind: str) -> npt.NDArray[np.float64] | None:
    """Of several labels a text, 0 or 1 [n, n_labels]: what a label's absence and presence weigh, float64 [2, n_labels].

    `balanced`: both as much together; `none`: None.
    """
    each = [class_weights(label, 2, kind) for label in labels.T]
    found = [weights for weights in each if weights is not None]
    return np.stack(found, axis=1) if found else None
