"""What an update may learn from: labelled rows of feedback and files, weak rows of posts, each with its key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.api import BenchError, Probabilities, did_you_mean
from serving.learn.emoticons import Noise, weak_label
from serving.readers import format_of, read_records
from serving.records import opened


@dataclass(frozen=True)
class Row:
    """A text with its label, and, of a weak row, how sure that is."""

    key: str
    """Of text and label: a row that an update has used is not new again."""
    text: str
    label: int
    target: Probabilities | None = None
    """Of a weak row: float32 [n_labels]."""


def labelled_rows(paths: Iterable[Path], labels: Sequence[str], text_column: str, label_column: str) -> list[Row]:
    """The rows of all files, later ones last; of one post (by `id`, else by its text) the last label counts.

    Rows without a text are left out; an unknown label is a `BenchError` that names file and record.
    """
    rows: dict[str, Row] = {}
    for path in paths:
        for number, (text, label, row_id) in enumerate(_read(path, text_column, label_column), start=1):
            if label not in labels:
                near = did_you_mean(label, labels)
                raise BenchError(f"{path} record {number}: the model has no label {label[:60]!r}: {near}")
            post = row_id or text
            rows.pop(post, None)  # the last label comes last, too
            rows[post] = Row(key_of(text, label), text, list(labels).index(label))
    return list(rows.values())


def weak_rows(
    path: Path, noise: Mapping[str, Noise], labels: Sequence[str], used: Collection[str], limit: int, text_column: str
) -> list[Row]:
    """The first `limit` posts of a file whose emoticons give a label and that no update has used."""
    number = {label.lower(): i for i, label in enumerate(labels)}
    rows: dict[str, Row] = {}
    with opened(path) as stream:
        for record in read_records(stream, format_of(path, None), text_column, str(path)):
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


def _read(path: Path, text_column: str, label_column: str) -> Iterator[tuple[str, str, str | None]]:
    kind = format_of(path, None)
    if kind == "txt":
        raise BenchError(f"{path}: feedback has texts and labels; give CSV, TSV, JSONL or Parquet")
    with opened(path) as stream:
        for record in read_records(stream, kind, text_column, str(path)):
            if record.problem is not None or not record.text or record.text.isspace():
                continue
            label, row_id = record.columns.get(label_column), record.columns.get("id")
            if label is None:
                raise BenchError(
                    f"{path}: no column '{label_column}': {did_you_mean(label_column, record.columns)}; "
                    "choose with --label-column"
                )
            yield record.text, str(label), None if row_id is None else str(row_id)
