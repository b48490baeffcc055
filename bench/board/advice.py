"""Which model to ship."""

from __future__ import annotations

from dataclasses import dataclass

from bench.board.leaderboard import Board, Line
from bench.board.numbers import interval, megabytes, significant
from bench.board.speed import fastest, line_speed_up


@dataclass(frozen=True)
class Pick:
    """One recommended model with its reason."""

    question: str
    line: Line | None
    """None where it was not measured."""
    facts: str


@dataclass(frozen=True)
class Advice:
    """What the leaderboard of one data set recommends."""

    board: Board
    headline: str
    picks: tuple[Pick, ...]
    caveats: tuple[str, ...]


def advice(board: Board) -> Advice | None:
    """None where nothing is scored. Within the tie the fastest is named first, then the smallest.

    The fastest is the most accurate of those that are not shown to be slower than another.
    """
    if not board.ok_lines:
        return None
    best = board.ok_lines[0]
    scored = f"accuracy {best.values.accuracy:.3f} [{interval(best)}]"
    if len(board.tied) == 1:
        costs = ((significant(best.values.p50_ms_b1), "ms median"), (megabytes(best.values.bytes_on_disk), "MB"))
        facts = ", ".join([scored, *(f"{value} {unit}" for value, unit in costs if value)])
        return Advice(board, _headline(board, best, best), (Pick("Most accurate", best, facts),), _caveats(board))
    quick, smallest = fastest(board.tied, board.noise), _smallest(board.tied)
    picks = (
        Pick("Most accurate", best, scored),
        Pick("Fastest in the tie", quick, _speed(quick, best, board)),
        Pick("Smallest in the tie", smallest, _size(smallest, best)),
    )
    return Advice(board, _headline(board, best, quick or smallest or best), picks, _caveats(board))


def _smallest(lines: list[Line]) -> Line | None:
    measured = [line for line in lines if line.values.bytes_on_disk is not None]
    return min(measured, key=lambda line: line.values.bytes_on_disk or 0.0) if measured else None


def _speed(line: Line | None, best: Line, board: Board) -> str:
    """`3.88 ms median, 8.3 (8.1–8.5) times faster`, than the most accurate; or that nobody is shown to be faster."""
    if line is None:
        return "not measured"
    written = f"{significant(line.values.p50_ms_b1)} ms median"
    if line is best:
        others = [line_speed_up(best, other, board.noise) for other in board.tied if other is not best]
        reasons = {other.reason for other in others if other.estimate is None}
        return f"{written}, none is shown to be faster" + (f" (× {', '.join(sorted(reasons))})" if reasons else "")
    found = line_speed_up(best, line, board.noise)
    return f"{written}, {found.text} times faster" if found.estimate else f"{written}, {found.text}"


def _size(line: Line | None, best: Line) -> str:
    """`3.9 MB, 8.3 times smaller`, than the most accurate."""
    if line is None:
        return "not measured"
    value, reference = line.values.bytes_on_disk or 0.0, best.values.bytes_on_disk
    written = f"{megabytes(value)} MB"
    return (
        written if line is best or not reference or not value else f"{written}, {reference / value:.1f} times smaller"
    )


def _headline(board: Board, best: Line, choice: Line) -> str:
    if len(board.ok_lines) == 1:
        return f"Only {best.title} has been scored: there is nothing to choose from yet."
    if len(board.tied) == 1:
        return f"Ship {best.title}: it leads by more than the smallest gap that this test set can show."
    others = len(board.tied) - 1
    tie = f"this test set cannot tell it from {'the other' if others == 1 else f'the {others} others'} in the tie"
    if choice is best:
        cheapest = "none of them is shown to be faster" if best.values.p50_ms_b1 is not None else "the smallest of them"
        return f"Ship {best.title}: the most accurate in the mean, and {cheapest}; {tie}."
    quality = "the fastest" if choice.values.p50_ms_b1 is not None else "the smallest"
    below = f"accuracy {best.accuracy - choice.accuracy:.3f} below it"
    return f"Ship {choice.title}: {quality} of those that this test set cannot tell from the best ({below})."


def _caveats(board: Board) -> tuple[str, ...]:
    few = [line.title for line in board.tied if len(line.seeds) < 3]
    caveats = []
    if len(few) > 2:
        caveats.append(f"fewer than 3 seeds: {len(few)} of the {len(board.tied)} that lead")
    elif few:
        caveats.append("fewer than 3 seeds: " + ", ".join(few))
    if not any(line.values.p50_ms_b1 for line in board.tied):
        caveats.append("no latency measured in the tie")
    if board.data.limit is not None:
        caveats.append(f"only {board.data.limit} rows of each split were used")
    return (*caveats, *board.data.notes)
