"""A full disk stops the stream, not the program: what could not be written is written when it can be."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable

from bench.api import BenchError, StoreError
from serving.stream.lines import TICK

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
WAIT_S = 1.0
"""Between two tries."""


class Retry:
    """Tries again as long as there is no room; `log` gets a line when that begins and ends, `idle` runs meanwhile."""

    def __init__(self, log: Callable[[str], None], idle: Callable[[], None], stopped: Callable[[], bool]) -> None:
        self._log, self._idle, self._stopped = log, idle, stopped
        self.waiting: str | None = None
        """Why nothing is written just now."""

    def __call__(self, step: Callable[[], None]) -> None:
        """Run `step`, which must leave nothing behind where it fails; raises `BenchError` when stopped meanwhile."""
        while True:
            try:
                step()
            except (OSError, StoreError, sqlite3.OperationalError) as error:
                why = _no_room(error)
                if why is None:
                    raise
                self._wait(why)
            else:
                if self.waiting:
                    self._log("room again: the stream goes on")
                    self.waiting = None
                return

    def _wait(self, why: str) -> None:
        if self.waiting != why:
            self._log(f"{why}: the stream is paused, nothing is lost, it goes on when that is mended")
        self.waiting = why
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if self._stopped():
                raise BenchError(f"stopped while {why}: the same command goes on from what is written")
            self._idle()
            time.sleep(TICK)


def _no_room(error: Exception) -> str | None:
    """Why a write failed, where waiting can help; None where it cannot."""
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            return "the disk is full"
        return "another process holds the database" if code == sqlite3.SQLITE_BUSY else None
    cause = error.__cause__ if isinstance(error, StoreError) else error
    return "the disk is full" if isinstance(cause, OSError) and cause.errno in FULL else None
