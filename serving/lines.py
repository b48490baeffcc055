"""JSON lines that are appended whole: flushed to disk, by one process at a time, a torn last line mended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from bench.api import BenchError


def append_line(path: Path, row: Mapping[str, Any], most_bytes: int | None = None) -> bool:
    """Append one object; False where the file would become larger than `most_bytes`. Raises `OSError` on a full disk.

    What a kill or a full disk has left of an earlier line is cut off first, so that every line is whole; a last line
    that lacks its line break alone gets it.
    """
    line = (json.dumps(row) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")), path.open("ab+") as file:
        size = _whole(file.fileno())
        if most_bytes is not None and size + len(line) > most_bytes:
            return False
        try:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise
    return True


def read_lines(path: Path, *needed: str) -> Iterator[dict[str, Any]]:
    """The objects of a file in order; none where there is no file, a torn last line is left out.

    A line that is no object with the keys `needed` is somebody else's: a `BenchError` that says where it is.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict) or not found.keys() >= set(needed):
                raise BenchError(f"{path}, line {number}: not one of those that are written there: take it out")
            yield found


def _whole(descriptor: int) -> int:
    """Cut what follows the last line break, unless it is an object: that gets its line break; the size that is left."""
    size = os.fstat(descriptor).st_size
    end = size
    while end:
        start = max(0, end - 65536)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end == size:
        return size
    try:
        json.loads(os.pread(descriptor, size - end, end))
    except (ValueError, RecursionError):
        os.ftruncate(descriptor, end)
        return end
    return size + os.write(descriptor, b"\n")
