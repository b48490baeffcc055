"""The log: a line a request on standard error. Texts are never logged."""

from __future__ import annotations

import asyncio
import sys

MOMENT = 0.05
"""Seconds that a line may wait for others."""


class Log:
    """Lines to standard error, those of a moment in one call of the system; used from the event loop alone."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        """Soon to be written."""
        self._lines.append(line)
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(MOMENT, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._lines:
            print(*self._lines, sep="\n", file=sys.stderr)
            self._lines.clear()
