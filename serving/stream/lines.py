"""Bytes of a stream as lines of bounded length, each with its place."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Event

LONGEST = 1 << 18
"""Bytes of a line; of a longer one only the first `KEPT` are kept, to be told."""
KEPT = 1000
TICK = 0.2
"""Seconds after which whoever waits looks up whether it should stop."""


class Stopped(Exception):
    """Reading was asked to stop."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its break; `after` is the place in the source behind it, where that has places."""

    data: bytes
    after: int | None = None
    problem: str | None = None


def chunks(descriptor: int, stopped: Event) -> Iterator[bytes]:
    """What can be read until the end; raises `Stopped` as soon as that is asked."""
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
    kept, place, cut = b"", start, 0
    for chunk in data:
        *whole, kept = (kept + chunk).split(b"\n")
        for line in whole:
            place += len(line) + 1 + cut
            yield from _told(line, place, cut)
            cut = 0
        if len(kept) > LONGEST:
            cut += len(kept) - KEPT
            kept = kept[:KEPT]
    yield from _told(kept, place + len(kept) + cut, cut)


def _told(line: bytes, after: int, cut: int) -> Iterator[Line]:
    if cut:
        yield Line(line, after, f"a line of {len(line) + cut:,} bytes; {LONGEST:,} are allowed")
    elif line.strip():
        yield Line(line, after)
