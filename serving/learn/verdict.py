"""Whether a candidate may be served: no worse on a fixed validation set, by a paired test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.api import Probabilities
from bench.measure.paired import compare_paired
from bench.measure.quality import Labels


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
    """Of the 95 % interval of the difference: a paired bootstrap over the texts."""
    corrections: int
    regressions: int
    """Texts that changed from wrong to right, and from right to wrong."""
    p: float
    """Of McNemar's exact test, two-sided."""

    def told(self) -> str:
        """In points."""
        return f"{100 * self.difference:+.2f} points (95 % {100 * self.low:+.2f} to {100 * self.high:+.2f})"


def compare(against: str, labels: Labels, other: Probabilities, candidate: Probabilities) -> PairedAccuracy:
    """By predictions float32 [n, k] of both against `labels` int64 [n]."""
    paired = compare_paired(labels, [other], [candidate])
    (pair,), interval = paired.pairs, paired.difference["accuracy"]
    return PairedAccuracy(
        against, len(labels), paired.first["accuracy"], paired.second["accuracy"], interval.value, interval.low,
        interval.high, pair.corrections, pair.regressions, pair.p,
    )  # fmt: skip


def verdict(comparisons: Sequence[PairedAccuracy], margin: float) -> tuple[bool, str]:
    """Whether the candidate is accepted, and why: every interval must lie above `-margin` as a whole.

    That is a test of non-inferiority at 2.5 %, one-sided. A candidate that may be as good, of which the texts are too
    few to show it, is refused: what is served stays.
    """
    for one in comparisons:
        if one.low < -margin:
            worse = "worse than" if one.high < 0 else "not shown to be no worse than"
            return False, f"{worse} {one.against[:12]}: {one.told()}, the margin is {100 * margin:g}"
    return True, f"no worse than {comparisons[0].against[:12]}: {comparisons[0].told()}"
