"""Few labels: so many training texts of each label and no others."""

from __future__ import annotations

import numpy as np

from bench.contract import Split
from bench.errors import DataError


def few_labels(train: Split, per_label: int, seed: int) -> Split:
    """So many texts of each label, drawn by the seed: those of a smaller number are among those of a larger one.

    Raises `DataError` for a label that has fewer.
    """
    drawn = np.random.default_rng(seed).permutation(len(train))
    kept = [drawn[train.labels[drawn] == label][:per_label] for label in range(len(train.label_names))]
    for name, rows in zip(train.label_names, kept, strict=True):
        if len(rows) < per_label:
            raise DataError(f"label '{name}' has only {len(rows)} training texts, and {per_label} are asked of each")
    return train.take(np.sort(np.concatenate(kept)))
