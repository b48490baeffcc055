"""Numbers as a reader wants them."""

from __future__ import annotations

from bench.board.leaderboard import Line
from bench.stats.rounds import Estimate


def decimals(value: float | None, places: int = 3) -> str:
    """`0.921`; empty for None."""
    return "" if value is None else f"{value:.{places}f}"


def significant(value: float | None, digits: int = 3) -> str:
    """`0.0123`, `1.23`, `12.3`, `1,230`: that many significant digits, whole from a hundred on; empty for None."""
    if value is None:
        return ""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:#.{digits}g}" if value else "0"


def estimate(found: Estimate | None) -> str:
    """`3.10 (2.90–3.30)`, without the interval where it has none; `×` for None."""
    if found is None:
        return "×"
    value, low, high = (significant(number) for number in found)
    return f"{value} ({low}–{high})" if low and high else value


def count(value: float | None) -> str:
    """`812`, `13.4k`, `1.20M`, `3.00G`; empty for None."""
    if value is None:
        return ""
    for limit, ending in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{significant(value / limit)}{ending}"
    return f"{value:.0f}"


def megabytes(value: float | None) -> str:
    """Bytes as megabytes of 10^6: `12.3`; empty for None."""
    if value is None:
        return ""
    return significant(value / 1e6) if value >= 1e4 else "<0.01"


def interval(line: Line) -> str:
    """`0.908–0.934`, the 95 % interval of the score; empty where nothing is scored."""
    return "" if line.interval is None else "{:.3f}–{:.3f}".format(*line.interval)


def signed(value: float, low: float, high: float) -> str:
    """`-0.012 (-0.021 to -0.002)`: a difference with its interval."""
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
