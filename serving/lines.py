"""Typed records as JSON lines: appended whole, flushed to disk, by one process at a time; a torn last line is repaired.

A record is a dataclass. Its fields are the keys of its line, so that a journal is written and read by one type.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from bench.api import BenchError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def append_line(path: Path, record: DataclassInstance, max_bytes: int | None = None) -> bool:
    """Append one record; False where the file would become larger than `max_bytes`. Raises `OSError` on a full disk.

    What a kill or a full disk has left of an earlier line is cut off first, so that every line is whole; a last line
    that lacks its line break alone gets it.
    """
    line = (json.dumps(asdict(record)) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")), path.open("ab+") as file:
        size = _repaired_size(file.fileno())
        if max_bytes is not None and size + len(line) > max_bytes:
            return False
        try:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise
    return True


def read_lines(path: Path, kind: type[R]) -> Iterator[R]:
    """The records of a file in order; none where there is no file, a torn last line is left out.

    A line that is no record of that type was written by something else: a `BenchError` that names file and line.
    """
    if not path.is_file():
        return
    record = TypeAdapter(kind)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield record.validate_json(line)
            except ValidationError:
                raise BenchError(
                    f"{path}, line {number}: not one of those that are written there: take it out"
                ) from None


def _repaired_size(descriptor: int) -> int:
    """Cut what follows the last line break, unless it is JSON: that gets its line break. Returns the size in bytes."""
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
