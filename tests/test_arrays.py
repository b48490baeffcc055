"""What is written is read back, by whichever method it was compressed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench.arrays import packed, read_arrays, write_arrays

TIMES = np.random.default_rng(0).normal(1e6, 2e4, (5000, 2)).astype(np.int64)
"""Nanoseconds of calls and of a stage of each."""


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_arrays_come_back(method: int, tmp_path: Path) -> None:
    given = {"ns": TIMES, "names": np.array(["tokenize", "forward"]), "none": np.empty((0, 3), np.float32)}
    write_arrays(tmp_path / "arrays.npz", given, method)
    back = read_arrays(tmp_path / "arrays.npz")
    assert list(back) == list(given)
    for name, array in given.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(back[name], array)


def test_lzma_takes_a_tenth_less_of_times_at_least() -> None:
    assert len(packed({"ns": TIMES}, zipfile.ZIP_LZMA)) < 0.9 * len(packed({"ns": TIMES}))


def test_no_object_is_pickled(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        write_arrays(tmp_path / "arrays.npz", {"objects": np.array([{}])})
    assert not (tmp_path / "arrays.npz").exists()
