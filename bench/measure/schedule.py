"""How much is timed: the published protocol, and the short one of a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Schedule:
    """What each round takes, and how many rounds there are at each thread setting."""

    protocol: str
    """Raised whenever the procedure of `timing.py` would give other times, or the same samples other figures."""
    rounds: int
    min_samples: int
    """Calls of each scenario in a round …"""
    min_seconds: float
    """… and seconds …"""
    max_seconds: float
    """… unless this many pass first. A call that has begun is waited for, and one is always made."""
    warmup_seconds: float
    """When a warm-up that does not become even is ended."""


PUBLISHED = Schedule("rounds-2", 10, min_samples=20, min_seconds=0.5, max_seconds=9.0, warmup_seconds=10.0)
"""Ten fresh processes: 200 calls and 5 seconds of a scenario in all."""
REHEARSAL = Schedule("rehearsal-2", 2, min_samples=5, min_seconds=0.02, max_seconds=1.0, warmup_seconds=0.2)
"""Of smoke runs: it shows that a model can be timed, and no time to rely on."""
POOLED = "rounds-1"
"""Three rounds of 1.67 seconds, whose figures were of all calls together: recomputed, but taken no more."""
PROTOCOLS = (POOLED, PUBLISHED.protocol, REHEARSAL.protocol)


def schedule_of(limit: int | None, rounds: int | None = None) -> Schedule:
    """The one of runs on at most `limit` rows of each split: smoke runs are a rehearsal, in as many rounds as it has.

    Fewer `rounds` are no other protocol: their figures stand for the same, with wider intervals or, under six, none.
    """
    if limit is not None:
        return REHEARSAL
    return PUBLISHED if rounds is None else replace(PUBLISHED, rounds=rounds)


def thread_counts(cores: int) -> list[int]:
    """The thread settings that are measured: one, and all."""
    return sorted({1, cores})
