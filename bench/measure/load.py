"""What else a machine does while something is timed, from the kernel's own accounts."""

from __future__ import annotations

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")
BUSY = 0.1
"""Cores kept busy by others from which a round counts as taken beside other load."""
_SPENT = (0, 1, 2, 5, 6, 7)
"""The places of user, nice, system, irq, softirq and steal: what cores did, for us, for others or for another guest."""


class OtherLoad:
    """Cores' worth of processor time that others used since it was made; of one process without living children."""

    def __init__(self, stat: Path = STAT) -> None:
        self._stat = stat
        self._started, self._all, self._own = time.monotonic(), _spent(stat), time.process_time()

    def cores(self) -> float | None:
        """None where the kernel keeps no such accounts."""
        now, seconds = _spent(self._stat), time.monotonic() - self._started
        if now is None or self._all is None or seconds <= 0:
            return None
        return max(0.0, (now - self._all - (time.process_time() - self._own)) / seconds)


def _spent(stat: Path) -> float | None:
    """Seconds that all cores together have worked since boot."""
    try:
        name, *ticks = stat.read_text().splitlines()[0].split()
        return sum(int(ticks[place]) for place in _SPENT) / os.sysconf("SC_CLK_TCK") if name == "cpu" else None
    except (OSError, ValueError, IndexError):
        return None
