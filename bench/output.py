"""A file of the user's choosing: nothing that is there is lost unasked, links are followed, devices are written to."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bench.durable import sync_folder, temporary_beside
from bench.errors import BenchError


def output_file(path: Path) -> Path | None:
    """The regular file that `path` stands for, links followed, whether it is there or not.

    None for what is written to as a stream: a device, a pipe, a standard stream by its name. Raises `BenchError` for a
    folder, and for what cannot be reached.
    """
    if _descriptor(path) is not None:
        return None
    try:
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG
        file = path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        raise BenchError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(mode):
        raise BenchError(f"{path} is a folder: give a file")
    return file if stat.S_ISREG(mode) else None


def refuse_existing(path: Path, overwrite: bool) -> None:
    """`BenchError` where a file is there and may not be replaced."""
    if not overwrite and path.exists():
        raise BenchError(f"{path} is there already: --overwrite replaces it, or choose another name")


@contextmanager
def stream_to(path: Path | None) -> Iterator[BinaryIO]:
    """A device or a pipe to write to, standard output for None; a standard stream goes on where it is."""
    number = _descriptor(path) if path else 1
    with os.fdopen(os.dup(number), "wb") if number is not None else cast(Path, path).open("wb") as stream:
        yield cast(BinaryIO, stream)


@contextmanager
def replacing(file: Path, temporary: Path | None = None) -> Iterator[BinaryIO]:
    """A new file that takes the place of `file`, whole and flushed, when the block ends well; else nothing changes.

    It is written at `temporary`, which lies on the same disk, else beside `file`. A file that is replaced leaves its
    mode. Raises `OSError` where it cannot be written.
    """
    temporary = temporary or temporary_beside(file)
    try:
        with temporary.open("wb") as new:
            yield cast(BinaryIO, new)
            new.flush()
            os.fsync(new.fileno())
        if file.exists():
            shutil.copymode(file, temporary)
        else:
            temporary.chmod(0o644)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def write_output(path: Path, content: bytes, overwrite: bool) -> None:
    """Write a file, a device or a pipe; each way in which that can fail is a one-line `BenchError`."""
    file = output_file(path)
    try:
        if file is None:
            with stream_to(path) as stream:
                stream.write(content)
            return
        refuse_existing(file, overwrite)
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as new:
            new.write(content)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; free space or choose another place") from None


def _descriptor(path: Path) -> int | None:
    """Of this process, where a path such as /dev/stdout names one: opened by its name, a file would be cut."""
    ours = Path("/proc/self/fd").resolve()
    for _ in range(40):  # as many links as the kernel follows
        if path.name.isdigit() and path.parent.resolve() == ours:
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None
