"""Names of data files: the format and the compression that they tell, and the bytes without the compression."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from bench.errors import DataError

FILE_SUFFIXES = (
    ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".feather", ".arrow", ".xlsx",
)  # fmt: skip
"""The formats of a user's file."""
_OPENERS: dict[str, Callable[[Path], object]] = {
    ".xz": lambda path: lzma.open(path, format=lzma.FORMAT_XZ),  # noqa: SIM115
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".zip": lambda path: zipfile.ZipFile(path).open(_member(path)),  # noqa: SIM115
}
COMPRESSIONS = tuple(_OPENERS)
UNREADABLE = (EOFError, OSError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)
"""What reading a damaged file raises."""


def names_data(name: str) -> bool:
    """Whether a name ends as a data file does."""
    path = Path(name.lower())
    return (Path(path.stem).suffix if path.suffix in COMPRESSIONS else path.suffix) in FILE_SUFFIXES


def format_suffix(path: Path) -> str:
    """The suffix of what a file holds, in lower case: `.csv` of `a.CSV.gz`, and of an `a.zip` with one table in it."""
    if path.suffix.lower() not in COMPRESSIONS:
        return path.suffix.lower()
    inner = Path(path.stem).suffix.lower()
    if path.suffix.lower() == ".zip" and inner not in FILE_SUFFIXES:
        inner = Path(_member(path)).suffix.lower()
    return inner


def open_plain(path: Path) -> BinaryIO:
    """The bytes of a file without its compression; raises one of `UNREADABLE`."""
    opener = _OPENERS.get(path.suffix.lower())
    return cast(BinaryIO, opener(path)) if opener else path.open("rb")


def why_unreadable(path: Path, error: BaseException) -> str:
    """What is wrong with a file, and what to do."""
    suffix = path.suffix.lower()
    if isinstance(error, EOFError):
        return f"truncated {suffix}; copy or fetch it again"
    if isinstance(error, (lzma.LZMAError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile)):
        return f"not a whole {suffix} ({error}); copy or fetch it again"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _member(path: Path) -> str:
    """The one data file in a zip; what archivers of a Mac put beside it does not count."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX/") and names_data(name)]
    if len(names) != 1:
        listed = f"{len(names)} data files ({', '.join(names)[:120]})" if names else "no data file"
        raise DataError(f"{path}: holds {listed}; unpack it and give one")
    return names[0]
