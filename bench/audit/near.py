"""Texts that are nearly the same and have other labels: at least one of the labels is wrong, or the task is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Split

ALIKE = 0.9
"""Cosine of two texts' weighted words and pairs of words."""
MOST = 20_000
"""Rows that are compared, each with all others."""
BLOCK = 1000


class Pair(BaseModel):
    """Two rows alike, of unlike labels."""

    model_config = ConfigDict(extra="forbid")

    first: str = Field(description="Its id.")
    second: str
    texts: tuple[str, str]
    labels: tuple[str, str]
    similarity: float


def near_duplicates(split: Split) -> list[Pair]:
    """Pairs of rows that are nearly the same text under other labels, the most alike first."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    n = min(len(split), MOST)
    vectors: Any = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", dtype=np.float32)
    try:
        matrix = vectors.fit_transform(split.texts[:n])
    except ValueError:  # no word in any text
        return []
    names = split.label_names
    found = [
        Pair(
            first=split.ids[i], second=split.ids[j], texts=(split.texts[i], split.texts[j]),
            labels=(names[split.labels[i]], names[split.labels[j]]), similarity=round(value, 3),
        )
        for i, j, value in _alike(matrix)
        if split.labels[i] != split.labels[j]
    ]  # fmt: skip
    return sorted(found, key=lambda pair: -pair.similarity)


def _alike(matrix: Any) -> Iterator[tuple[int, int, float]]:
    """Rows i < j whose cosine is high."""
    for start in range(0, matrix.shape[0], BLOCK):
        products = (matrix[start : start + BLOCK] @ matrix.T).tocoo()
        keep = (products.data >= ALIKE) & (products.row + start < products.col)
        rows, columns, values = products.row[keep] + start, products.col[keep], products.data[keep]
        yield from zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True)
