"""From a name or a path to train, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.contract import Split
from bench.data.duplicates import conflicting, extra_copies
from bench.data.facts import DatasetFacts
from bench.data.published import PublishedSet, read_published
from bench.data.ref import DatasetRef
from bench.data.rows import Published
from bench.data.splits import USER_FRACTIONS, VALIDATION_FRACTION, split_groups
from bench.errors import DataError


@dataclass(frozen=True)
class Dataset:
    """A data set ready for use: no text of train stands in validation or test, normalized."""

    facts: DatasetFacts
    train: Split
    validation: Split
    test: Split
    validation_source: str
    """`published`, or `carved` from train."""
    counts: Mapping[str, int]
    """What was found and dropped on the way; see `docs/data.md`."""
    files: tuple[Path, ...] = field(default=())


def load(ref: DatasetRef) -> Dataset:
    """Find, read, verify and split a data set; every problem is a one-line `DataError`."""
    return assemble(read_published(ref))


def assemble(published: PublishedSet) -> Dataset:
    """Train, validation and test of a set as published."""
    splits = dict(published.splits)
    prefixes = {name: name for name in splits}
    if "all" in splits:
        splits = _cut(splits["all"], published.facts)
        prefixes = dict.fromkeys(splits, "row")
    train = splits["train"]
    counts = {
        "train_duplicate_rows": extra_copies(train.hashes),
        "train_conflicting_texts": conflicting(train.hashes, train.labels),
        "rows_left_out_by_label": sum(split.left_out for split in published.splits.values()),
    }
    _drop_leaks(splits, "test", counts)
    if "validation" in splits:
        leaks = np.isin(splits["validation"].hashes, splits["test"].hashes)
        counts["validation_rows_in_test"] = int(leaks.sum())
        _drop_leaks(splits, "validation", counts)
    else:
        splits["train"], splits["validation"] = _carve(splits["train"], published.facts)
        prefixes["validation"] = prefixes["train"]
    return Dataset(
        facts=published.facts,
        train=_split(splits["train"], prefixes["train"], published.facts),
        validation=_split(splits["validation"], prefixes["validation"], published.facts),
        test=_split(splits["test"], prefixes["test"], published.facts),
        validation_source="published" if "validation" in published.splits else "carved",
        counts=counts,
        files=published.files,
    )


def _split(split: Published, prefix: str, facts: DatasetFacts) -> Split:
    ids = [f"{prefix}-{row:05d}" for row in split.rows.tolist()]
    return Split(ids, split.texts, split.labels, facts.label_names)


def _cut(rows: Published, facts: DatasetFacts) -> dict[str, Published]:
    """Cut a file without splits in three."""
    if rows.groups is None:
        parts = split_groups(rows.hashes, rows.labels, USER_FRACTIONS, facts.label_names, facts.name)
    else:  # documents of many labels: there is none to stratify them by
        alike = np.zeros_like(rows.labels)
        parts = split_groups(rows.groups, alike, USER_FRACTIONS, facts.label_names, facts.name)
    return {name: rows.take(parts == i) for i, name in enumerate(("train", "validation", "test"))}


def _carve(train: Published, facts: DatasetFacts) -> tuple[Published, Published]:
    """Cut validation from train."""
    fractions, where = (1 - VALIDATION_FRACTION, VALIDATION_FRACTION), f"{facts.name} train"
    parts = split_groups(train.hashes, train.labels, fractions, facts.label_names, where)
    return train.take(parts == 0), train.take(parts == 1)


def _drop_leaks(splits: dict[str, Published], later: str, counts: dict[str, int]) -> None:
    """Drop from train what stands in a later split."""
    keep = ~np.isin(splits["train"].hashes, splits[later].hashes)
    counts[f"train_rows_dropped_in_{later}"] = int((~keep).sum())
    if not keep.any():
        raise DataError(f"every training text also stands in {later}; nothing is left to train on")
    if not keep.all():
        splits["train"] = splits["train"].take(keep)
