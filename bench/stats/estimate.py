"""An estimate with its standard error: its interval, its test against zero, and whether it lies within a margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LEVEL = 0.05
"""Of a test and, less one, of an interval, where none is named."""
MARGIN = 0.01
"""A difference that does not matter, where none is named: one point."""
Source = Literal["own", "borrowed", "none"]


@dataclass(frozen=True)
class Estimate:
    """A mean score, or a difference of two, that divided by its error follows Student's t."""

    value: float
    error: float
    """Standard error, over texts and, where `seeds` says so, over trainings."""
    df: float
    """Degrees of freedom, Satterthwaite's."""
    seeds: Source = "own"
    """Whose spread over seeds `error` holds: `own`, `borrowed` from other models here, or `none`: texts alone."""

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """That holds the true value but for `level` of all cases."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, 1 - level / 2)) * self.error
        return self.value - half, self.value + half

    def least(self, level: float = LEVEL) -> float:
        """The lower end of the one-sided interval: above `-margin` where `p_beyond(margin)` is below `level`."""
        return self.interval(2 * level)[0]

    def most(self, level: float = LEVEL) -> float:
        """The upper end of the one-sided interval."""
        return self.interval(2 * level)[1]

    def p_zero(self) -> float:
        """Two-sided, of the true value being zero."""
        return min(1.0, 2 * self._tail(abs(self.value)))

    def p_beyond(self, margin: float) -> float:
        """Of the true value lying at or below `-margin`: a small one shows non-inferiority (Piaggio et al., 2012)."""
        return self._tail(self.value + margin)

    def p_apart(self, margin: float) -> float:
        """Of the true value lying outside of ± `margin`: a small one shows equivalence (TOST: Schuirmann, 1987)."""
        return max(self._tail(margin + self.value), self._tail(margin - self.value))

    def _tail(self, distance: float) -> float:
        from scipy.special import stdtr

        return float(stdtr(self.df, -distance / self.error))
