"""Texts that are nearly the same and have other labels: at least one of the labels is wrong, or the task is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Split
from bench.data.duplicates import hash_texts
from bench.data.label_sets import label_keys
from bench.letters import WORD

Rows = npt.NDArray[np.int64]

ALIKE = 0.9
"""Cosine of two texts' weighted words and pairs of words."""
MOST = 100_000
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
    """Pairs of rows that are nearly the same text under other labels, the most alike first; of copies the first."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = _distinct(split)
    vectors: Any = TfidfVectorizer(ngram_range=(1, 2), token_pattern=WORD, dtype=np.float32)
    try:
        matrix = vectors.fit_transform([split.texts[i] for i in rows])
    except ValueError:  # no word in any text
        return []
    told = _written(split)
    found = [
        Pair(
            first=split.ids[i], second=split.ids[j], texts=(split.texts[i], split.texts[j]),
            labels=(told(i), told(j)), similarity=round(value, 3),
        )
        for i, j, value in _alike(matrix, rows, label_keys(split.labels)[rows])
    ]  # fmt: skip
    return sorted(found, key=lambda pair: -pair.similarity)


def _written(split: Split) -> Callable[[int], str]:
    """The label of a row; all of them where it may have several."""
    names = split.label_names
    if not split.multi_label:
        return lambda row: names[split.labels[row]]
    return lambda row: " | ".join(names[i] for i in np.flatnonzero(split.labels[row])) or "none"


def _distinct(split: Split) -> Rows:
    """The first rows, copies of a text under the same label left out."""
    n = min(len(split), MOST)
    both = np.stack([hash_texts(split.texts[:n]), label_keys(split.labels[:n])])
    return np.sort(np.unique(both, axis=1, return_index=True)[1])


def _alike(matrix: Any, rows: Rows, labels: npt.NDArray[np.uint64]) -> Iterator[tuple[int, int, float]]:
    """Two of `rows`, which are those of the matrix, of unlike labels and high cosine."""
    rare = _rarest(matrix)
    others = rare.T.tocsr()
    for start in range(0, len(rows), BLOCK):
        shared = (rare[start : start + BLOCK] @ others).tocoo()
        first, second = shared.row + start, shared.col
        keep = (first < second) & (labels[first] != labels[second])
        first, second = first[keep], second[keep]
        values = np.asarray(matrix[first].multiply(matrix[second]).sum(axis=1)).ravel()
        near = values >= ALIKE
        yield from zip(rows[first[near]].tolist(), rows[second[near]].tolist(), values[near].tolist(), strict=True)


def _rarest(matrix: Any) -> Any:
    """Of each row the rarest words, as many as two rows that are alike must share one of; a sparse matrix of ones.

    Prefix filtering (Bayardo, Ma, Srikant, "Scaling Up All Pairs Similarity Search", 2007): the words left out are the
    most frequent ones, and those of a row alone have too short a vector for a cosine that high.
    """
    from scipy.sparse import csr_array

    order = np.argsort(np.argsort(matrix.getnnz(axis=0), kind="stable"))  # 0 is the rarest
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    at = np.lexsort((order[matrix.indices], row))
    squares = np.cumsum(matrix.data[at].astype(np.float64) ** 2)
    before = np.concatenate([[0.0], squares])[matrix.indptr[:-1]]  # of the rows before
    left = 1.0 - (squares - before[row] - matrix.data[at].astype(np.float64) ** 2)  # of this word and all after it
    keep = left >= ALIKE**2 - 1e-4
    ones = np.ones(int(keep.sum()), np.float32)
    return csr_array((ones, (row[keep], matrix.indices[at][keep])), shape=matrix.shape)
