"""Arrays that can be made again, kept for that: taken only whole and as they were written."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.arrays import read_arrays, write_arrays
from bench.errors import one_line

Arrays = dict[str, npt.NDArray[Any]]
SEAL = "sha256"
"""The array that holds the hash of the others and of the file's name: a copy under another name is not taken for it."""


def kept_arrays(path: Path, make: Callable[[], Mapping[str, npt.NDArray[Any]]]) -> Arrays:
    """What is kept at `path`, else what `make` gives, which is then kept there.

    The name of the file must hold all that its content depends on. One that is torn, altered or of another name is
    thrown away, with a warning.
    """
    if path.exists():
        try:
            arrays = read_arrays(path)
            if str(arrays.pop(SEAL, "")) != _seal(path, arrays):
                raise ValueError("it is not as it was written")
            return arrays
        except Exception as error:  # whatever the zip, zlib and npy readers raise on damaged bytes
            where = f"{path.parent.name}/{path.name}"
            warnings.warn(f"cache {where} thrown away and made again: {one_line(error)}", stacklevel=2)
    made = dict(make())
    write_arrays(path, made | {SEAL: np.asarray(_seal(path, made))}, zipfile.ZIP_STORED)
    return made


def _seal(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(path.name.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
