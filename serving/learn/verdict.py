"""Whether a candidate may be served: no worse on a fixed validation set, by a paired test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AliasChoices, Field

from bench.api import Probabilities
from bench.stats.crossed import Sample, difference
from bench.stats.flips import flips


@dataclass(frozen=True)
class PairedAccuracy:
    """A candidate's accuracy, 0 to 1, against that of another model on the same texts."""

    against: str
    """The other's hash."""
    texts: int
    other: float
    candidate: float
    difference: float
    low: float
    high: float
    """Of the 95 % interval of the difference over the texts; of journals of earlier versions by a bootstrap."""
    corrections: Annotated[int, Field(validation_alias=AliasChoices("corrections", "mended"))]
    """Texts that changed from wrong to right. Journals of earlier versions have the second name."""
    regressions: Annotated[int, Field(validation_alias=AliasChoices("regressions", "broken"))]
    """Texts that changed from right to wrong."""
    p: float
    """Of McNemar's exact test, two-sided."""

    def summary(self) -> str:
        """In points."""
        return f"{100 * self.difference:+.2f} points (95 % {100 * self.low:+.2f} to {100 * self.high:+.2f})"


def compare(
    against: str, labels: npt.NDArray[np.int64], other: Probabilities, candidate: Probabilities
) -> PairedAccuracy:
    """By predictions float32 [n, k] of both against `labels` int64 [n]."""
    before, after = (Sample((p.argmax(axis=1) == labels)[None].astype(np.float64)) for p in (other, candidate))
    found, changed = difference(before, after, None, None), flips(before.values, after.values, matched=False)
    low, high = found.interval()
    return PairedAccuracy(
        against, len(labels), before.score, after.score, found.value, low, high, round(changed.corrections),
        round(changed.regressions), changed.p_mcnemar(),
    )  # fmt: skip


def verdict(comparisons: Sequence[PairedAccuracy], margin: float) -> tuple[bool, str]:
    """Whether the candidate is accepted, and why: every interval must lie above `-margin` as a whole.

    That is a test of non-inferiority at 2.5 %, one-sided. A candidate that may be as good, of which the texts are too
    few to show it, is refused: what is served stays.
    """
    for comparison in comparisons:
        if comparison.low < -margin:
            worse = "worse than" if comparison.high < 0 else "not shown to be no worse than"
            return False, f"{worse} {comparison.against[:12]}: {comparison.summary()}, the margin is {100 * margin:g}"
    return True, f"no worse than {comparisons[0].against[:12]}: {comparisons[0].summary()}"
