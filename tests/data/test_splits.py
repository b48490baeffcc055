from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.data.splits import limit_rows, split_groups
from bench.errors import DataError

ROWS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), min_size=1, max_size=300)


def arrays(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    hashes = np.array([text for text, _ in rows], dtype=np.uint64) * np.uint64(0x123456789ABCDEF1)
    return hashes, np.array([label for _, label in rows], dtype=np.int64)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_no_text_crosses_a_split_and_none_is_without_a_label(rows: list[tuple[int, int]]) -> None:
    hashes, labels = arrays(rows)
    smallest = {h: int(labels[hashes == h].min()) for h in np.unique(hashes)}
    groups = [sum(1 for label in smallest.values() if label == i) for i in set(smallest.values())]
    if min(groups) < 3:
        with pytest.raises(DataError, match="distinct text"):
            split_groups(hashes, labels, (0.8, 0.1, 0.1), "abc", "x")
        return
    parts = split_groups(hashes, labels, (0.8, 0.1, 0.1), "abc", "x")
    for h in smallest:
        assert len(set(parts[hashes == h])) == 1
    for label in set(smallest.values()):
        mine = np.array([smallest[h] == label for h in hashes])
        assert set(parts[mine]) == {0, 1, 2}


@settings(deadline=None, max_examples=60)
@given(ROWS, st.randoms())
def test_the_split_of_a_text_does_not_depend_on_row_order(rows: list[tuple[int, int]], source: object) -> None:
    rows = [(text, 0) for text, _ in rows] + [(100 + i, 0) for i in range(5)]
    shuffled = rows.copy()
    source.shuffle(shuffled)  # type: ignore[attr-defined]
    parts = [dict(zip(arrays(r)[0].tolist(), split_groups(*arrays(r), (0.9, 0.1), "a", "x").tolist(), strict=True))
             for r in (rows, shuffled)]  # fmt: skip
    assert parts[0] == parts[1]


def test_fractions_are_kept_to_a_row_a_label() -> None:
    rows = [(i, i % 3) for i in range(3000)]
    parts = split_groups(*arrays(rows), (0.9, 0.1), "abc", "x")
    labels = arrays(rows)[1]
    assert [int((parts[labels == i] == 1).sum()) for i in range(3)] == [100, 100, 100]
    # As good as shuffled: the carved rows are not the first ones, nor evenly spaced.
    carved = np.flatnonzero(parts == 1)
    assert 1200 < carved.mean() < 1800
    assert len(set(np.diff(carved))) > 10


@settings(deadline=None, max_examples=60)
@example([0, 0, 0, 0, 1, 2], 5)  # a label that has no row left to give
@given(st.lists(st.integers(0, 4), min_size=5, max_size=200), st.integers(5, 250))
def test_a_limit_keeps_every_label_and_their_proportions(values: list[int], limit: int) -> None:
    labels = np.array(values, dtype=np.int64)
    kept = limit_rows(labels, limit, "x")
    assert len(kept) == min(limit, len(labels)) == len(set(kept))
    assert list(kept) == sorted(kept)
    assert set(labels[kept]) == set(values)
    for label in set(values):
        share = (labels == label).sum() * len(kept) / len(labels)
        assert abs((labels[kept] == label).sum() - share) <= 5


def test_a_limit_below_the_number_of_labels_is_an_error() -> None:
    with pytest.raises(DataError, match="x: a limit of 2 rows cannot hold 3 labels; raise --limit"):
        limit_rows(np.array([0, 1, 2, 0]), 2, "x")
