"""Cutting rows into parts: stratified by label, grouped by normalized text, the same for the same rows always."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data.duplicates import Hashes
from bench.data.label_sets import of_groups
from bench.errors import DataError

VALIDATION_FRACTION = 0.1
USER_FRACTIONS = (0.8, 0.1, 0.1)
"""Train, validation and test of a file that has no splits."""
_MIX = np.uint64(0x9E3779B97F4A7C15)  # the fixed seed: 2^64 over the golden ratio

Parts = npt.NDArray[np.int8]


def split_groups(
    hashes: Hashes, labels: npt.NDArray[np.int64], fractions: Sequence[float], label_names: Sequence[str], where: str
) -> Parts:
    """The part of each row, int8 [n_rows]. Rows of one hash share a part; every part has every label.

    Groups are taken in the order of a mix of their hash, which is as good as shuffled and does not depend on row order.
    A group of conflicting labels counts for its smallest label; where texts have any number of labels, for all of them.
    """
    mixed = (hashes ^ (hashes >> np.uint64(31))) * _MIX
    if labels.ndim == 2:
        _, group = np.unique(mixed, return_inverse=True)
        return _label_by_label(of_groups(labels, group), fractions)[group]
    order = np.lexsort((labels, mixed))
    _, first, inverse, sizes = np.unique(mixed[order], return_index=True, return_inverse=True, return_counts=True)
    group_labels = labels[order][first]
    group_parts = np.zeros(len(first), dtype=np.int8)
    for label in np.unique(group_labels):
        members = np.flatnonzero(group_labels == label)
        if len(members) < len(fractions):
            raise DataError(
                f"{where}: label '{label_names[label]}' has only {len(members)} distinct text(s), and {len(fractions)} "
                "are needed to have it in every split; add some or drop that label"
            )
        ends = _cuts(sizes[members], fractions)
        group_parts[members] = np.searchsorted(ends, np.arange(len(members)), side="right")
    parts = np.empty(len(hashes), dtype=np.int8)
    parts[order] = group_parts[inverse]
    return parts


def _label_by_label(labels: npt.NDArray[np.int64], fractions: Sequence[float]) -> Parts:
    """The part of each group of labels [groups, k]: iterative stratification (Sechidis et al., 2011).

    The groups of the rarest label go where most of it is lacking, then those of the next; last those of none.
    """
    strata = np.column_stack([labels, ~labels.any(axis=1)]).astype(bool)
    parts = np.full(len(labels), -1, np.int8)
    for stratum in [*np.argsort(strata[:, :-1].sum(axis=0), kind="stable").tolist(), -1]:
        members = np.flatnonzero(strata[:, stratum])
        lacking = len(members) * np.asarray(fractions)
        lacking[1:] = np.maximum(lacking[1:], 1)
        lacking[0] = len(members) - lacking[1:].sum()
        placed = parts[members]
        lacking -= np.bincount(placed[placed >= 0], minlength=len(fractions))
        for group in members[placed < 0]:
            parts[group] = lacking.argmax()
            lacking[parts[group]] -= 1
    return parts


def _cuts(sizes: npt.NDArray[np.int64], fractions: Sequence[float]) -> npt.NDArray[np.int64]:
    """The first group of each part but the first, so that rows are shared as `fractions` and no part is empty."""
    reached = np.cumsum(sizes) / sizes.sum()
    ends = np.searchsorted(reached, np.cumsum(fractions)[:-1] - 1e-9) + 1
    parts = len(fractions)
    for i in range(parts - 1):
        lowest = i + 1 if i == 0 else ends[i - 1] + 1
        ends[i] = min(max(ends[i], lowest), len(sizes) - (parts - 1 - i))
    return ends


def limit_rows(labels: npt.NDArray[np.int64], limit: int | None, where: str) -> npt.NDArray[np.int64]:
    """The positions of `limit` rows, in order, labels in proportion and none lost; all rows without a limit."""
    n = len(labels)
    if limit is None or limit >= n:
        return np.arange(n)
    present, counts = np.unique(labels, return_counts=True)
    if limit < len(present):
        raise DataError(f"{where}: a limit of {limit} rows cannot hold {len(present)} labels; raise --limit")
    shares = counts * (limit - len(present)) / n
    quota = 1 + np.floor(shares).astype(int)
    by_remainder = np.argsort(-(shares - np.floor(shares)), kind="stable")
    while missing := limit - int(quota.sum()):
        room = by_remainder[quota[by_remainder] < counts[by_remainder]]
        quota[room[:missing]] += 1
    shuffled = np.random.default_rng(0).permutation(n)
    kept = [shuffled[labels[shuffled] == label][:k] for label, k in zip(present, quota, strict=True)]
    return np.sort(np.concatenate(kept))
