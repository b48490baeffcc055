"""Packed probabilities come back bit for bit, whatever they are; what is no packing of ours is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bench.arrays import Arrays, packed
from bench.errors import StoreError
from bench.packed_probabilities import pack, unpack

FILE = Path("run") / "predictions.npz"
SHAPES = st.tuples(st.integers(0, 5), st.integers(0, 4))


def softmax(n: int, classes: int) -> np.ndarray:
    drawn = np.exp(np.random.default_rng(0).normal(0, 4, (n, classes)))
    return (drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32)


@given(hnp.arrays(np.float32, SHAPES, elements=st.floats(width=32)))
def test_any_numbers_come_back(rows: np.ndarray) -> None:
    back = unpack(FILE, pack({"probabilities": rows, "ids": np.arange(3)}))
    assert back["probabilities"].tobytes() == rows.tobytes() and back["probabilities"].shape == rows.shape
    assert set(back) == {"probabilities", "ids"}


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_a_softmax_comes_back_from_a_good_part_of_its_bytes(classes: int) -> None:
    arrays = {"probabilities": softmax(2000, classes), "validation_probabilities": softmax(500, classes)}
    made = pack(arrays)
    assert not set(made) & set(arrays)
    assert len(packed(made)) < 0.9 * len(packed(arrays))
    for name, rows in unpack(FILE, made).items():
        np.testing.assert_array_equal(rows, arrays[name])


def damaged(**changes: np.ndarray | None) -> Arrays:
    made = pack({"probabilities": softmax(5, 3)}) | {f"probabilities_{name}": array for name, array in changes.items()}
    return {name: array for name, array in made.items() if array is not None}


@pytest.mark.parametrize(
    "arrays",
    [
        damaged(largest=None), damaged(others=None), damaged(rounding=None), damaged(largest=np.full(5, 3, np.uint8)),
        damaged(largest=np.zeros((5, 1), np.uint8)), damaged(others=np.zeros((4, 2, 4), np.uint8)),
        damaged(others=np.zeros(5, np.uint8)), damaged(rounding=np.zeros(5)), damaged(rounding=np.zeros(4, np.int8)),
        damaged(largest=np.array(2, np.uint8)), damaged(others=np.zeros((4, 0, 5), np.uint8)),
    ],
)  # fmt: skip
def test_what_was_not_packed_here_is_one_line(arrays: Arrays) -> None:
    with pytest.raises(StoreError, match=r"^run/predictions\.npz: probabilities: [^\n]*$"):
        unpack(FILE, arrays)
