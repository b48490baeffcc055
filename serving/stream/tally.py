"""What was received: counts by label, by minute, how fast, how late."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

MINUTES = 15
"""Kept for moving averages."""
SECONDS = 10
"""Over which throughput is averaged."""


@dataclass
class Tally:
    """Counts of one call of the command."""

    posts: int = 0
    duplicates: int = 0
    malformed: int = 0
    notices: int = 0
    written: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    lag_s: float | None = None
    """How old the newest classified post was, of the posts that have a time."""
    started: float = field(default_factory=time.monotonic)
    _minutes: deque[tuple[int, Counter[str]]] = field(default_factory=lambda: deque(maxlen=MINUTES + 1))
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, labels: Sequence[str], created: str | None) -> None:
        """A batch of predicted labels; `created` is when the last of its posts was made, ISO 8601."""
        now = time.monotonic()
        counted = Counter(labels)
        self.posts += len(labels)
        self.labels += counted
        minute = int(now // 60)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Counter()))
        self._minutes[-1][1].update(counted)
        self._recent.append((now, len(labels)))
        self._drop_old(now)
        self.lag_s = _age(created)

    def recent(self, minutes: int) -> Counter[str]:
        """Labels of the minute that runs and of the `minutes` before it."""
        since = int(time.monotonic() // 60) - minutes
        return sum((counted for minute, counted in self._minutes if minute >= since), Counter())

    def per_second(self) -> float:
        """Posts a second, over the last ten seconds."""
        now = time.monotonic()
        self._drop_old(now)
        return sum(n for _, n in self._recent) / max(min(now - self.started, SECONDS), 1e-3)

    def _drop_old(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - SECONDS:
            self._recent.popleft()


def _age(created: str | None) -> float | None:
    """Seconds since `created`; None where that is no time."""
    try:
        made = datetime.fromisoformat(created or "")
    except ValueError:
        return None
    return (datetime.now(UTC) - (made if made.tzinfo else made.replace(tzinfo=UTC))).total_seconds()
