"""Opening a data file: `.xz` in place, hashed while it is read, so that one pass both reads and verifies."""

from __future__ import annotations

import hashlib
import io
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bench.data.manifest import SourceFile
from bench.errors import DataError

_CHUNK = 1 << 20


class _Hashing(io.RawIOBase):
    """Passes bytes on and counts and hashes them."""

    def __init__(self, inner: BinaryIO, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._hash = hashlib.sha256()
        self.size = 0
        self.broken = False
        """Whether a read failed: what is left cannot be hashed."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(len(buffer))
        except (EOFError, OSError, lzma.LZMAError) as error:
            self.broken = True
            raise DataError(f"{self._path}: {_why_unreadable(error)}") from None
        buffer[: len(data)] = data
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def drain(self) -> str:
        """Read what is left; the SHA-256 of everything."""
        buffer = bytearray(_CHUNK)
        while self.readinto(buffer):
            pass
        return self._hash.hexdigest()


@contextmanager
def open_verified(path: Path, expected: SourceFile) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a file; on leaving, its size and hash must be those expected.

    An error while reading an altered file is reported as what it comes from: the alteration.
    """
    try:
        inner = _open(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    with inner:
        hashing = _Hashing(inner, path)
        try:
            yield cast(BinaryIO, io.BufferedReader(hashing, _CHUNK))
        except DataError:
            if not hashing.broken:
                _verify(path, expected, hashing)
            raise
        _verify(path, expected, hashing)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, lzma.open(path, format=lzma.FORMAT_XZ)) if path.suffix == ".xz" else path.open("rb")


def _why_unreadable(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "truncated .xz; copy or fetch it again"
    if isinstance(error, lzma.LZMAError):
        return f"not a whole .xz ({error}); copy or fetch it again"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _verify(path: Path, expected: SourceFile, hashing: _Hashing) -> None:
    found = hashing.drain()
    advice = "it is altered or another version; copy or fetch it again"
    if expected.bytes is not None and hashing.size != expected.bytes:
        raise DataError(f"{path}: {hashing.size:,} bytes where the manifest has {expected.bytes:,}; {advice}")
    if expected.sha256 is not None and found != expected.sha256:
        raise DataError(f"{path}: SHA-256 {found[:12]}… where the manifest has {expected.sha256[:12]}…; {advice}")
    if expected.git_blob is not None and git_blob(path, hashing.size) != expected.git_blob:
        raise DataError(f"{path}: its git blob id is not the manifest's {expected.git_blob[:12]}…; {advice}")


def git_blob(path: Path, size: int) -> str:
    """The id that git gives the uncompressed content."""
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with _open(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def text_lines(stream: BinaryIO, encoding: str, where: str) -> Iterator[str]:
    r"""The lines of a file with their `\n`, split on `\n` only; a byte that is not of the encoding is an error."""
    for number, line in enumerate(stream, start=1):
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where} line {number}: byte 0x{line[error.start]:02x} is not {encoding}; save the file as UTF-8"
            ) from None
