"""What an update may learn from: labelled rows of feedback and files, weak rows of posts, each with its key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import BenchError, Probabilities, did_you_mean
from bench.data import Reading
from bench.data.columns import find_column
from bench.data.labels import known_label
from bench.data.reading import AS_FOUND
from bench.data.rows import label_text
from serving.learn.emoticons import Noise, weak_label
from serving.readers import format_of, read_records
from serving.records import Record, opened
from serving.source import Source, source_of


@dataclass(frozen=True)
class Row:
    """A text with its label, and, of a weak row, how sure that is."""

    key: str
    """Of text and label: a row that an update has used is not new again."""
    text: str
    label: int
    target: Probabilities | None = None
    """Of a weak row: float32 [n_labels]."""


@dataclass(frozen=True)
class Columns:
    """Where the texts and labels of feedback stand: as chosen, else as in the training data, else by default."""

    chosen: Reading = AS_FOUND
    stored: Mapping[str, Any] | None = None
    """The `reading` of the model's card."""

    def source(self, path: Path) -> Source:
        """How a file is read."""
        return source_of(path, format_of(path, None), self.chosen, self.stored)

    def label(self, names: Sequence[str]) -> str | None:
        """The label's column among these, None where there is none."""
        own = Reading.model_validate(self.stored or {}).label_column
        given = "label_column" in self.chosen.model_fields_set
        wanted = [self.chosen.label_column] if given else [own, "label"]
        found = next((at for name in wanted if (at := find_column(names, name)) is not None), None)
        return None if found is None else names[found]


def labelled_rows(paths: Iterable[Path], labels: Sequence[str], columns: Columns) -> list[Row]:
    """The rows of all files, later ones last; of one post (by `id`, else by its text) the last label counts.

    Rows without a text are left out; a file of nothing else and an unknown label are `BenchError`s that say where.
    """
    rows: dict[str, Row] = {}
    for path in paths:
        for number, (text, written, row_id) in enumerate(_read(path, columns), start=1):
            label = known_label(written, labels)
            if label is None:
                near = did_you_mean(written, labels)
                raise BenchError(f"{path} record {number}: the model has no label {written[:60]!r}: {near}")
            post = row_id or text
            rows.pop(post, None)  # the last label comes last, too
            rows[post] = Row(key_of(text, label), text, list(labels).index(label))
    return list(rows.values())


def weak_rows(
    path: Path, noise: Mapping[str, Noise], labels: Sequence[str], used: Collection[str], limit: int, columns: Columns
) -> list[Row]:
    """The first `limit` posts of a file whose emoticons give a label and that no update has used."""
    number = {label.lower(): i for i, label in enumerate(labels)}
    rows: dict[str, Row] = {}
    with opened(path) as stream:
        for record in read_records(stream, columns.source(path)):
            weak = weak_label(record.text) if record.text else None
            if weak is None:
                continue
            text, polarity = weak
            key = key_of(text, f"weak {polarity}")
            if key not in used:
                rows[key] = Row(key, text, number[polarity], noise[polarity].target)
            if len(rows) == limit:
                break
    return list(rows.values())


def key_of(text: str, label: str) -> str:
    """32 hex digits."""
    return hashlib.sha256(f"{label}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def held_out(key: str) -> bool:
    """Whether a labelled row is held out of its first update, to see what that has gained: one of five."""
    return int(key[:8], 16) % 5 == 0


def targets(rows: Sequence[Row], n_labels: int) -> Probabilities:
    """The target of each row, float32 [n_rows, n_labels]: one-hot for labelled ones."""
    one_hot = np.eye(n_labels, dtype=np.float32)
    return np.stack([one_hot[row.label] if row.target is None else row.target for row in rows])


def _read(path: Path, columns: Columns) -> Iterator[tuple[str, str, str | None]]:
    source = columns.source(path)
    if source.kind == "txt":
        raise BenchError(f"{path}: feedback has texts and labels; give CSV, TSV, JSON, Parquet or Excel")
    empty: Record | None = None
    texts = 0
    with opened(path) as stream:
        for record in read_records(stream, source):
            if record.problem is not None or not record.text or record.text.isspace():
                empty = empty or record
                continue
            texts += 1
            at = columns.label(list(record.columns))
            if at is None:
                near = did_you_mean(columns.chosen.label_column, record.columns)
                raise BenchError(
                    f"{path}: no column '{columns.chosen.label_column}': {near}; choose with --feedback-label-column"
                )
            label, row_id = label_text(record.columns[at], str(path), at), record.columns.get("id")
            yield record.text, label, None if row_id is None else str(row_id)
    if empty is not None and not texts:
        raise BenchError(
            f"{path}: no record has a text in column '{source.columns[0]}' ({empty.problem}; its columns: "
            f"{', '.join(empty.columns)[:200]}); choose with --feedback-text-column"
        )
