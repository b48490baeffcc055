"""Bytes of a stream as lines of bounded length, each with its place."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Event

LONGEST = 1 << 18
"""Bytes of a line; of a longer one the first `EXCERPT` are reported."""
EXCERPT = 1000
TICK = 0.2
"""Seconds after which a thread that waits checks whether it should stop."""


class Stopped(Exception):
    """Reading was interrupted by a request to stop."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its break; `after` is the place in the source behind it, where that has places."""

    data: bytes
    after: int | None = None
    problem: str | None = None


def chunks(descriptor: int, stopped: Event) -> Iterator[bytes]:
    """What can be read until the end; raises `Stopped` as soon as `stopped` is set."""
    while True:
        if stopped.is_set():
            raise Stopped
        ready, _, _ = select.select([descriptor], [], [], TICK)
        if ready:
            data = os.read(descriptor, 1 << 16)
            if not data:
                return
            yield data


def split(data: Iterable[bytes], start: int = 0) -> Iterator[Line]:
    r"""Lines, split on `\n` alone, blank ones left out; `start` is the place of the first byte."""
    rest, place, cut = b"", start, 0
    for chunk in data:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            place += len(line) + 1 + cut
            yield from _line(line, place, cut)
            cut = 0
        if len(rest) > LONGEST:
            cut += len(rest) - EXCERPT
            rest = rest[:EXCERPT]
    yield from _line(rest, place + len(rest) + cut, cut)


def _line(line: bytes, after: int, cut: int) -> Iterator[Line]:
    if cut:
        yield Line(line, after, f"a line of {len(line) + cut:,} bytes; {LONGEST:,} are allowed")
    elif line.strip():
        yield Line(line, after)
