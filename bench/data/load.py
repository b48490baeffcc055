"""From a name or a path to train, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from bench.api import Split
from bench.data.duplicates import Hashes, conflicting, extra_copies, hash_texts
from bench.data.published import PublishedSet, read_published
from bench.data.ref import DatasetRef
from bench.data.rows import Published
from bench.data.splits import USER_FRACTIONS, VALIDATION_FRACTION, split_groups
from bench.errors import DataError


@dataclass(frozen=True)
class Dataset:
    """A data set ready for use: no text of train stands in validation or test, normalized."""

    name: str
    title: str
    revision: str
    label_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    validation_source: str
    """`published`, or `carved` from train."""
    counts: Mapping[str, int]
    """What was found and dropped on the way; see `docs/data.md`."""
    notes: tuple[str, ...]
    licence: str
    citation: str
    source: str
    files: tuple[Path, ...] = field(default=())


def load(ref: DatasetRef) -> Dataset:
    """Find, read, verify and split a data set; every problem is a one-line `DataError`."""
    return assemble(read_published(ref))


def assemble(published: PublishedSet) -> Dataset:
    """Train, validation and test of a set as published."""
    splits = dict(published.splits)
    hashes = {name: hash_texts(split.texts) for name, split in splits.items()}
    ids = {name: partial(_row_id, name if name != "all" else "row") for name in splits}
    if "all" in splits:
        _cut(splits, hashes, ids, published)
    counts = {
        "train_duplicate_rows": extra_copies(hashes["train"]),
        "train_conflicting_texts": conflicting(hashes["train"], splits["train"].labels),
        "rows_left_out_by_label": sum(split.left_out for split in published.splits.values()),
    }
    _drop_leaks(splits, hashes, "test", counts)
    source = "published" if "validation" in published.splits else "carved"
    if "validation" in splits:
        counts["validation_rows_in_test"] = int(np.isin(hashes["validation"], hashes["test"]).sum())
        _drop_leaks(splits, hashes, "validation", counts)
    else:
        _carve(splits, hashes, published)
        ids["validation"] = ids["train"]
    return Dataset(
        name=published.name,
        title=published.title,
        revision=published.revision,
        label_names=published.label_names,
        **{name: _split(splits[name], ids[name], published) for name in ("train", "validation", "test")},
        validation_source=source,
        counts=counts,
        notes=published.notes,
        licence=published.licence,
        citation=published.citation,
        source=published.source,
        files=published.files,
    )


def _row_id(prefix: str, row: int) -> str:
    return f"{prefix}-{row:05d}"


def _split(rows: Published, name_row: partial[str], published: PublishedSet) -> Split:
    return Split([name_row(row) for row in rows.rows.tolist()], rows.texts, rows.labels, published.label_names)


def _cut(
    splits: dict[str, Published], hashes: dict[str, Hashes], ids: dict[str, partial[str]], published: PublishedSet
) -> None:
    """Cut a file without splits in three."""
    rows, row_hashes, name_row = splits.pop("all"), hashes.pop("all"), ids.pop("all")
    parts = split_groups(row_hashes, rows.labels, USER_FRACTIONS, published.label_names, published.name)
    for i, name in enumerate(("train", "validation", "test")):
        splits[name], hashes[name], ids[name] = rows.take(parts == i), row_hashes[parts == i], name_row


def _carve(splits: dict[str, Published], hashes: dict[str, Hashes], published: PublishedSet) -> None:
    """Cut validation from train."""
    train, fractions = splits["train"], (1 - VALIDATION_FRACTION, VALIDATION_FRACTION)
    parts = split_groups(hashes["train"], train.labels, fractions, published.label_names, f"{published.name} train")
    splits["train"], splits["validation"] = train.take(parts == 0), train.take(parts == 1)
    hashes["train"], hashes["validation"] = hashes["train"][parts == 0], hashes["train"][parts == 1]


def _drop_leaks(splits: dict[str, Published], hashes: dict[str, Hashes], later: str, counts: dict[str, int]) -> None:
    """Drop from train what stands in a later split."""
    keep = ~np.isin(hashes["train"], hashes[later])
    counts[f"train_rows_dropped_in_{later}"] = int((~keep).sum())
    if not keep.all():
        splits["train"], hashes["train"] = splits["train"].take(keep), hashes["train"][keep]
    if not len(splits["train"].texts):
        raise DataError(f"every training text also stands in {later}; nothing is left to train on")
