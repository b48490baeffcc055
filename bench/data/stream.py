"""Opening a data file: `.xz` in place, hashed while it is read, so that one pass both reads and verifies."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bench.data.containers import UNREADABLE, open_plain, why_unreadable
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
        except UNREADABLE as error:
            self.broken = True
            raise DataError(f"{self._path}: {why_unreadable(self._path, error)}") from None
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
        inner = open_plain(path)
    except UNREADABLE as error:
        raise DataError(f"{path}: {why_unreadable(path, error)}") from None
    with inner:
        hashing = _Hashing(inner, path)
        try:
            yield cast(BinaryIO, io.BufferedReader(hashing, _CHUNK))
        except DataError:
            if not hashing.broken:
                _verify(path, expected, hashing)
            raise
        _verify(path, expected, hashing)


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
    with open_plain(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def text_lines(stream: BinaryIO, encoding: str, where: str) -> Iterator[str]:
    r"""The lines of a file with their `\n`, split on `\n` only; a byte that is not of the encoding is an error."""
    if encoding.startswith(("utf-16", "utf-32")):
        yield from _wide_lines(stream, encoding, where)
        return
    for number, line in enumerate(stream, start=1):
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where} line {number}: byte 0x{line[error.start]:02x} is not {encoding}; save the file as UTF-8"
            ) from None


def _wide_lines(stream: BinaryIO, encoding: str, where: str) -> Iterator[str]:
    r"""The same where a `\n` is two or four bytes."""
    text = io.TextIOWrapper(stream, encoding, newline="\n")
    try:
        yield from text
    except UnicodeError as error:
        raise DataError(f"{where}: not {encoding}: {error}; save the file as UTF-8") from None
    finally:
        text.detach()
