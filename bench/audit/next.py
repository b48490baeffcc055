"""What to label next: the texts that a model is least sure of, of as many kinds as there are."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bench.audit.words import fitted, probabilities, vectors
from bench.contract import Split
from bench.data.columns import columns_at, joined
from bench.data.duplicates import hash_texts
from bench.data.reading import Reading
from bench.data.tables import open_table
from bench.errors import DataError

COUNT = 100
"""Texts that are chosen."""
UNSURE = 10
"""Times as many of which the model is least sure are grouped; one is taken of each group."""


class ToLabel(BaseModel):
    """A text that is worth a label."""

    model_config = ConfigDict(extra="forbid")

    row: int = Field(description="Of the file, from 1.")
    text: str
    guess: str
    margin: float = Field(description="Between the two most probable labels: 0 is the least sure.")


def unlabelled_texts(path: Path, reading: Reading) -> list[str]:
    """The texts of a file without labels, empty for a row that has none; read with the options of the data set's."""
    with open_table(path, reading) as table:
        at = columns_at(table.names, reading.text_column, table.where or str(path))
        texts = [joined(row) for row in table.pick(at)]
    if not any(texts):
        raise DataError(f"{path}: no text in column '{reading.text_column}'")
    return [text if isinstance(text, str) else "" for text in texts]


def to_label(train: Split, pool: Sequence[str], count: int = COUNT) -> list[ToLabel]:
    """Texts of the pool, the least sure first; none that train has, and no two of one kind while others are left.

    Cluster-margin sampling: Citovsky et al., "Batch Active Learning at Scale", 2021.
    """
    hashes = hash_texts(pool)
    _, first = np.unique(hashes, return_index=True)
    new = np.sort(first[~np.isin(hashes[first], hash_texts(train.texts))])
    rows = np.array([i for i in new.tolist() if pool[i].strip()], np.int64)
    if not len(rows):
        return []
    matrix, vectorizer = vectors(train.texts)
    texts = [pool[i] for i in rows]
    model = fitted(matrix, train.labels)
    found = probabilities(model, vectorizer.transform(texts), len(train.label_names))
    top = np.sort(found, axis=1)
    margin = top[:, -1] - top[:, -2]
    unsure = np.argsort(margin, kind="stable")[: UNSURE * count]
    chosen = unsure[_first_of_groups([texts[i] for i in unsure], count)]
    names, best = train.label_names, found.argmax(axis=1)
    return [
        ToLabel(row=int(rows[i]) + 1, text=pool[rows[i]], guess=names[best[i]], margin=round(float(margin[i]), 4))
        for i in chosen.tolist()
    ]


def _first_of_groups(texts: Sequence[str], count: int) -> Any:
    """The first of each group of texts, all where there are no more texts than groups; in their order."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD

    if len(texts) <= count:
        return np.arange(len(texts))
    matrix, _ = vectors(texts)  # by their own words: those that train lacks are what is new
    width = min(50, matrix.shape[1] - 1)
    points = TruncatedSVD(width, random_state=0).fit_transform(matrix) if width > 1 else matrix.toarray()
    groups = KMeans(count, n_init=1, max_iter=20, random_state=0).fit_predict(points)
    return np.sort(np.unique(groups, return_index=True)[1])


def write_to_label(found: Sequence[ToLabel], path: Path) -> None:
    """A CSV with an empty column for the label."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "text", "guess", "margin", "label"])
        writer.writerows([each.row, each.text, each.guess, each.margin, ""] for each in found)
