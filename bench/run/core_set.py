"""Cores of this machine for one of several workers on it: no two are bound to the same."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.errors import StoreInUseError
from bench.locks import hold


@contextmanager
def core_set(count: int) -> Iterator[None]:
    """Bind this process, and what it starts, to `count` cores that no other holder has; to all where too few are free.

    A worker binds itself to the first cores that it may use (`bench/run/worker.py`): those that it is given here.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed, mine = os.sched_getaffinity(0), set[int]()
    with ExitStack() as stack:
        for core in sorted(allowed):
            if len(mine) < count:
                try:
                    stack.enter_context(hold(_folder() / str(core)))
                    mine.add(core)
                except StoreInUseError:
                    continue
        if len(mine) == count:
            os.sched_setaffinity(0, mine)
        try:
            yield
        finally:
            os.sched_setaffinity(0, allowed)


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"sentibench-cores-{os.getuid()}"
