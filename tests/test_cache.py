"""What is kept because it can be made again is never trusted: torn, altered and misplaced files are made anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.api import kept_arrays

ROWS = {"rows": np.arange(50, dtype=np.int32), "sizes": np.ones(3)}


def make() -> dict[str, np.ndarray]:
    return dict(ROWS)


def never() -> dict[str, np.ndarray]:
    raise AssertionError("what is whole is not made again")


def other_numbers(path: Path) -> None:
    with np.load(path) as file:
        np.savez(path, **{name: file[name] for name in file.files} | {"rows": ROWS["rows"][::-1]})


def another_entry(path: Path) -> None:
    kept_arrays(path.with_name("b.npz"), lambda: {"rows": np.zeros(50, np.int32), "sizes": np.ones(3)})
    shutil.copy(path.with_name("b.npz"), path)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)


SPOILED: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "no zip file": lambda path: path.write_text("not what it was"),
    "one bit": flipped,
    "other numbers": other_numbers,
    "another entry": another_entry,
    "an older program's": lambda path: np.savez(path, **ROWS),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_cache_is_made_anew_and_says_so(tmp_path: Path, how: str) -> None:
    path = tmp_path / "tokens" / "a.npz"
    kept_arrays(path, make)
    SPOILED[how](path)
    with pytest.warns(UserWarning, match=r"cache tokens/a\.npz thrown away and made again: "):
        found = kept_arrays(path, make)
    again = kept_arrays(path, never)
    for name, array in ROWS.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(again[name], array)
    assert found.keys() == again.keys() == ROWS.keys()


def test_nothing_is_left_of_what_could_not_be_made(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        kept_arrays(tmp_path / "a.npz", never)
    assert list(tmp_path.iterdir()) == []
