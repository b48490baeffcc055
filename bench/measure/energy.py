"""Energy of the processor packages, from the RAPL counters where they can be read; never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class _Counter:
    """One package's counter: microjoules that wrap around to 0 after `wraps_at`."""

    path: Path
    wraps_at: int


class Rapl:
    """Reads joules since the last reading, over all packages: the whole machine's, not one process's.

    A counter wraps about once an hour at full power, so a reading must follow the last within that time.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._counters = list(_packages(folder))
        self._last = self._read()

    @property
    def readable(self) -> bool:
        """Whether there is a counter this user may read (many systems keep them for root)."""
        return bool(self._counters)

    def joules(self) -> float | None:
        """Joules since the last call or the construction; None where there is no counter."""
        if not self._counters:
            return None
        now = self._read()
        spent = sum(
            after - before if after >= before else after + counter.wraps_at - before
            for counter, before, after in zip(self._counters, self._last, now, strict=True)
        )
        self._last = now
        return spent / 1e6

    def _read(self) -> list[int]:
        return [int(counter.path.read_text()) for counter in self._counters]


def _packages(folder: Path) -> list[_Counter]:
    """Packages alone: `core`, `uncore` and `dram` within them, and `psys` around them, would be counted twice."""
    found = []
    for domain in sorted(folder.glob("intel-rapl:*")):
        try:
            if not (domain / "name").read_text().startswith("package"):
                continue
            counter = _Counter(domain / "energy_uj", int((domain / "max_energy_range_uj").read_text()))
            int(counter.path.read_text())
        except (OSError, ValueError):
            continue
        found.append(counter)
    return found
