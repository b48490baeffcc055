"""What an update is trained on: new rows, and a sample of what was learnt before, against forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.api import SoftTargets, Split
from bench.data.duplicates import hash_texts
from serving.learn.rows import Row, held_out, targets


@dataclass(frozen=True)
class NewRows:
    """The rows that no update has used, by their purpose."""

    training: list[Row]
    """Labelled and weak."""
    held_out: list[Row]
    """Labelled, kept out of the training to see what it gains."""
    left_out: list[str]
    """Keys of rows whose text stands in validation or test."""

    @property
    def keys(self) -> list[str]:
        """Of those that are used."""
        return [row.key for row in (*self.training, *self.held_out)]


def sort_out(labelled: Sequence[Row], weak: Sequence[Row], evaluated: Sequence[str]) -> NewRows:
    """New rows less every text that is `evaluated` on; a weak row gives way to a labelled one of its text."""
    hashes = hash_texts(evaluated)
    labelled_free = _without(labelled, hashes)
    weak_free = _without(weak, np.concatenate([hashes, hash_texts(row.text for row in labelled)]))
    training = [row for row in labelled_free if not held_out(row.key)]
    used = {row.key for row in (*labelled_free, *weak_free)}
    left_out = [row.key for row in (*labelled, *weak) if row.key not in used]
    return NewRows([*training, *weak_free], [row for row in labelled_free if held_out(row.key)], left_out)


def _without(rows: Sequence[Row], hashes: np.ndarray) -> list[Row]:
    """The rows whose texts are none of these."""
    leaks = np.isin(hash_texts(row.text for row in rows), hashes)
    return [row for row, leak in zip(rows, leaks, strict=True) if not leak]


def training_set(rows: Sequence[Row], train: Split, earlier: Sequence[Row], share: float, seed: int) -> Split:
    """The rows and so many of `train` and `earlier` that they make up `share` of all, in random order.

    Where there are weak rows, each row is trained on its target (`SoftTargets` with alpha 1 at temperature 1: the loss
    is the divergence from it, which for a certain label is the cross-entropy).
    """
    random = np.random.default_rng(seed)
    pool = [*(Row("", text, int(label)) for text, label in zip(train.texts, train.labels, strict=True)), *earlier]
    count = min(len(pool), round(len(rows) * share / (1.0 - share)))
    whole = [*rows, *(pool[i] for i in random.choice(len(pool), count, replace=False))]
    whole = [whole[i] for i in random.permutation(len(whole))]
    labels = np.array([row.label for row in whole], np.int64)
    weak = any(row.target is not None for row in whole)
    soft_targets = SoftTargets(targets(whole, len(train.label_names)), 1.0, 1.0) if weak else None
    ids = [str(i) for i in range(len(whole))]
    return Split(ids, [row.text for row in whole], labels, train.label_names, soft_targets)
