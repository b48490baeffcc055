"""Labels of texts as arrays: one each, int64 [n], or any number of them, 0 or 1 in int64 [n, n_labels].

What reads both shapes asks here; everything else needs one label a text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
_ODD = np.uint64(0x9E3779B97F4A7C15)


def label_counts(labels: Labels, n_labels: int) -> Labels:
    """Texts of each label, int64 [n_labels]."""
    return labels.sum(axis=0) if labels.ndim == 2 else np.bincount(labels, minlength=n_labels)


def label_keys(labels: Labels) -> npt.NDArray[np.uint64]:
    """Of each text a number that those of the same labels share, uint64 [n]: the label itself where there is one."""
    if labels.ndim == 1:
        return labels.astype(np.uint64)
    weights = _ODD ** np.arange(1, labels.shape[1] + 1, dtype=np.uint64)
    return np.asarray(labels.astype(np.uint64) @ weights)


def rarest_labels(labels: Labels) -> Labels:
    """Of each text its label that the fewest have, int64 [n]; one number past the last label for none."""
    if labels.ndim == 1:
        return labels
    rare_first = np.argsort(labels.sum(axis=0), kind="stable")
    found = rare_first[labels[:, rare_first].argmax(axis=1)]
    return np.asarray(np.where(labels.any(axis=1), found, labels.shape[1]))


def of_groups(labels: Labels, group: npt.NDArray[Any]) -> Labels:
    """The labels that any text of a group has, int64 [groups, n_labels], from [n, n_labels] and each text's group."""
    found = np.zeros((int(group.max(initial=-1)) + 1, labels.shape[1]), np.int64)
    texts, those = np.nonzero(labels)
    found[group[texts], those] = 1
    return found
