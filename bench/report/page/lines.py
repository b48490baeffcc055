"""One model of a leaderboard, as the page has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

import numpy as np

from bench.board.leaderboard import Line
from bench.board.row import Performance, Speed
from bench.measure.load import BUSY
from bench.recommend.prices import Machine

MAX_LABELS = 20
"""Labels of which the page has whole confusion matrices."""
PERCENTILES = ("p50_ms_b1", "p95_ms_b1", "p99_ms_b1", "texts_per_s_b32", "p50_low_ms_b1", "p50_high_ms_b1")


def line_document(line: Line, machine: Machine | None, serves: str) -> dict[str, Any]:
    """Names and costs; `serves` is its run that is best on validation."""
    values = asdict(line.values)
    return {
        "id": line.run_ids[0], "title": line.title, "figure": line.figure, "family": line.family,
        "name": line.name, "lineage": line.lineage, "status": line.status, "reason": line.reason,
        "seeds": line.seeds, "failed": line.failed, "runs": line.run_ids, "runtime": line.runtime,
        "rank": line.rank, "tied": line.rank == 1, "spread": line.spread, "refit": line.refit,
        "standin": standin(line), "marks": _marks(line), "elsewhere": bool(line.timed_elsewhere and not line.timed),
        "mb": None if line.values.bytes_on_disk is None else line.values.bytes_on_disk / 1e6,
        "rss": line.values.peak_rss_mb, "parameters": line.values.parameters, "train": line.values.train_examples_per_s,
        "log_loss": values["log_loss"], "ece": values["ece"], "mae": values["mean_absolute_error"],
        "kappa": values["quadratic_kappa"], "micro": values["micro_f1"], "hamming": values["hamming_loss"],
        "all": _speeds(line, lambda p: p.all_threads),
        "one": _speeds(line, lambda p: p.one_thread), "usd": _price(line, machine), "serves": serves,
        "f1": _f1(line), "confusion": _confusion(line),
    }  # fmt: skip


def standin(line: Line) -> str:
    """Why it is there for comparison alone; empty for what is meant to be used."""
    if line.untaught:
        return "a control: no teacher taught it"
    return "the floor: it answers with label frequencies" if line.family == "constant" else ""


def _marks(line: Line) -> str:
    """`~` unsteady rounds, `!` beside other load, `×` timed elsewhere: what the table writes behind a time."""
    unsteady, loaded = "~" if line.unsteady else "", "!" if line.other_load >= BUSY else ""
    return unsteady + loaded if line.timed else ("×" if line.timed_elsewhere else "")


def _speeds(line: Line, of: Callable[[Performance], Speed]) -> list[float | None] | None:
    """Means over the timed runs in the order of `PERCENTILES`; None where nothing is timed."""
    speeds: list[Speed] = [of(run.performance) for run in line.timed]
    means = [_mean([getattr(speed, name) for speed in speeds]) for name in PERCENTILES]
    return means if any(mean is not None for mean in means) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _price(line: Line, machine: Machine | None) -> float | None:
    rate = line.values.texts_per_s_b32
    return machine.usd_per_million(rate) if machine and rate else None


def _f1(line: Line) -> list[float] | None:
    """Of each label, mean over seeds."""
    runs = [run for run in line.runs if run.label_scores]
    return [fmean(of) for of in zip(*([s.f1 for s in run.label_scores] for run in runs), strict=True)] if runs else None


def _confusion(line: Line) -> list[list[float]] | None:
    """Rows are true labels; counts are means over seeds. None of many labels."""
    runs = [run.confusion for run in line.runs if run.confusion and len(run.confusion) <= MAX_LABELS]
    return np.mean(runs, axis=0).round(1).tolist() if runs else None


def threads(lines: Sequence[Line]) -> int | None:
    """All cores, of the times that are shown."""
    performances: list[Performance] = [run.performance for line in lines for run in line.timed]
    return max((p.threads or 0 for p in performances), default=None)
