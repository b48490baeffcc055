"""By how much something is ahead of a peer: the line that says so, which the table of `docs/performance.md` reads back.

`static beside model2vec, texts/s in bulk, 1 thread: 3.41 (2.58 to 5.31) ×`
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bench.stats.rounds import Estimate

LINE = re.compile(
    r"(?P<ours>.+) beside (?P<peer>[^,]+), (?P<figure>[^:]+): "
    r"(?P<value>[\d.e+]+)(?: \((?P<low>\S+) to (?P<high>\S+)\))? ×"
)


def shown(found: Estimate) -> str:
    """`1.52 (1.48 to 1.55)`."""
    return f"{found.value:.3g}" + (f" ({found.low:.3g} to {found.high:.3g})" if found.low and found.high else "")


class Advantage(NamedTuple):
    """A ratio of which more is better: texts a second, times smaller, times shorter."""

    ours: str
    peer: str
    figure: str
    by: Estimate

    def __str__(self) -> str:
        return f"{self.ours} beside {self.peer}, {self.figure}: {shown(self.by)} ×"

    @classmethod
    def read(cls, line: str) -> Advantage | None:
        """What a line says; None where it says something else."""
        found = LINE.fullmatch(line)
        if not found:
            return None
        low, high = (None if end is None else float(end) for end in (found["low"], found["high"]))
        return cls(found["ours"], found["peer"], found["figure"], Estimate(float(found["value"]), low, high))

    @property
    def verdict(self) -> str:
        """Of the interval where there is one."""
        low, high = self.by.low or self.by.value, self.by.high or self.by.value
        return "ahead" if low > 1 else "behind" if high < 1 else "not shown to differ"
