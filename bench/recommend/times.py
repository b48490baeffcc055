"""Latency and throughput of a leaderboard line at one setting of threads: the figure, its interval, and draws of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.board.leaderboard import Board, Line
from bench.board.row import Row, Speed
from bench.errors import BenchError
from bench.recommend.budget import Percentile
from bench.stats.contributions import Floats
from bench.stats.resampling import resampled_medians, resampled_percentile, resampled_rounds
from bench.stats.rounds import Estimate, median_interval
from bench.store import Store

LEAST_ROUNDS = 6
"""That have an interval, as in `bench.stats.rounds`."""


@dataclass(frozen=True)
class Timed:
    """One figure of a line, the mean over its timed runs."""

    estimate: Estimate
    draws: Floats | None
    """Over rounds [draws]; None where no rounds are stored: the figure is taken as it is."""


def threads_of(board: Board, wanted: int | None) -> int | None:
    """The setting whose times count, all cores where none is named; None where nothing is timed.

    A setting that was not measured is a `BenchError`.
    """
    largest = max((run.performance.threads or 0 for line in board.ok_lines for run in line.timed), default=None)
    if wanted in (None, largest) or largest is None:
        return largest
    if wanted != 1:
        raise BenchError(f"--threads {wanted}: {board.name} was timed with 1 and with {largest}, which is all cores")
    return 1


def latency(line: Line, threads: int | None, percentile: Percentile, store: Store) -> Timed | None:
    """Milliseconds of a single text; None where that is not measured."""
    return _mean([_latency(run, _speed(run, threads), threads, percentile, store) for run in line.timed])


def throughput(line: Line, threads: int | None) -> Timed | None:
    """Texts a second in batches of 32; None where that is not measured."""
    speeds = [_speed(run, threads) for run in line.timed]
    return _mean([_of_rounds(speed.texts_per_s_b32, speed.rounds_texts_per_s) for speed in speeds])


def _speed(run: Row, threads: int | None) -> Speed:
    performance = run.performance
    if performance.threads == threads:
        return performance.all_threads
    return performance.one_thread if threads == 1 else Speed()


def _latency(run: Row, speed: Speed, threads: int | None, percentile: Percentile, store: Store) -> Timed | None:
    if percentile == "p50":
        return _of_rounds(speed.p50_ms_b1, speed.rounds_p50_ms)
    value, rounds = getattr(speed, f"{percentile}_ms_b1"), len(speed.rounds_p50_ms)
    if value is None:
        return None
    samples = store.arrays(run.run_id, "samples") if rounds >= LEAST_ROUNDS else {}
    calls, of_round = (samples.get(f"single_stream_t{threads}_{name}") for name in ("ns", "round"))
    if calls is None or of_round is None or len(calls) != len(of_round) or set(of_round) != set(range(rounds)):
        return Timed(Estimate(value), None)
    drawn = resampled_percentile(calls / 1e6, of_round, int(percentile[1:]) / 100, resampled_rounds(rounds))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Timed(Estimate(value, min(float(low), value), max(float(high), value)), drawn)


def _of_rounds(value: float | None, rounds: Sequence[float]) -> Timed | None:
    if value is None:
        return None
    if len(rounds) < LEAST_ROUNDS:
        return Timed(Estimate(value), None)
    return Timed(median_interval(rounds), resampled_medians(rounds, resampled_rounds(len(rounds))))


def _mean(runs: Sequence[Timed | None]) -> Timed | None:
    """Of the timed runs of a line, an interval's ends included; without an interval where one of them has none."""
    timed = [run for run in runs if run]
    if not timed:
        return None
    ends = [[end for run in timed if (end := run.estimate[i]) is not None] for i in (1, 2)]
    low, high = (float(np.mean(some)) if len(some) == len(timed) else None for some in ends)
    draws = [run.draws for run in timed if run.draws is not None]
    together = np.mean(draws, axis=0) if len(draws) == len(timed) else None
    return Timed(Estimate(float(np.mean([run.estimate.value for run in timed])), low, high), together)
