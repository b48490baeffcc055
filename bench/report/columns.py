"""The columns of a leaderboard, declared once for the terminal, Markdown, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.board.leaderboard import Line
from bench.board.numbers import count, decimals, interval, megabytes, significant


@dataclass(frozen=True)
class Column:
    """One column: how a line is written in it, what it is sorted by, and what the heading means."""

    title: str
    help: str
    text: Callable[[Line], str]
    value: Callable[[Line], float | str | None]
    priority: int
    """1 is shown on the narrowest screen; wider ones show more."""
    numeric: bool = True
    low_first: bool = False
    """Whether a small number is the good one."""


def _rank(line: Line) -> str:
    return "–" if line.rank is None else f"={line.rank}" if line.tied else str(line.rank)


def _seeds(line: Line) -> str:
    return f"{len(line.seeds)}+{line.failed}✗" if line.failed else str(len(line.seeds))


def _accuracy(line: Line) -> str:
    if not line.ok:
        return line.status.replace("_", " ")
    spread = f" ±{line.spread:.3f}" if line.spread is not None else ""
    return decimals(line.values.accuracy) + spread


def _of(name: str) -> Callable[[Line], float | None]:
    return lambda line: getattr(line.values, name)


def _written(name: str, write: Callable[[float | None], str]) -> Callable[[Line], str]:
    return lambda line: write(getattr(line.values, name))


COLUMNS = (
    Column(
        "#",
        "Rank by mean accuracy; '=1' cannot be told from the best with this test set",
        _rank,
        lambda line: line.rank,
        1,
        low_first=True,
    ),
    Column(
        "model",
        "Recipe, with what it is known by and what tells it from the others here, ← what it was made of; the whole "
        "name stands under the pointer, and in results.csv",
        lambda line: line.title,
        lambda line: line.title,
        1,
        False,
    ),
    Column("seeds", "Runs averaged; '2+1✗' means that one more failed", _seeds, lambda line: len(line.seeds), 1),
    Column("accuracy", "Mean over seeds ± standard deviation over seeds", _accuracy, _of("accuracy"), 1),
    Column(
        "95 % CI",
        "Bootstrap interval over the test texts: mean of the seeds' interval ends",
        interval,
        _of("accuracy_low"),
        1,
    ),
    Column("macro F1", "Mean over labels of F1", _written("macro_f1", decimals), _of("macro_f1"), 1),
    Column("macro rec.", "Mean over labels of recall", _written("macro_recall", decimals), _of("macro_recall"), 2),
    Column(
        "p50 ms",
        "Median time of one text at a time, text in, label out, all cores",
        _written("p50_ms_b1", significant),
        _of("p50_ms_b1"),
        1,
        low_first=True,
    ),
    Column(
        "p95 ms", "95th percentile of the same", _written("p95_ms_b1", significant), _of("p95_ms_b1"), 3, low_first=True
    ),
    Column(
        "texts/s",
        "Throughput in batches of 32, all cores",
        _written("texts_per_s_b32", significant),
        _of("texts_per_s_b32"),
        2,
    ),
    Column(
        "MB",
        "Artifact on disk, 10^6 bytes",
        _written("bytes_on_disk", megabytes),
        _of("bytes_on_disk"),
        1,
        low_first=True,
    ),
    Column(
        "params", "Learned numbers in the artifact", _written("parameters", count), _of("parameters"), 5, low_first=True
    ),
    Column(
        "RSS MB",
        "Peak resident memory of a process that loads the model and predicts",
        _written("peak_rss_mb", significant),
        _of("peak_rss_mb"),
        3,
        low_first=True,
    ),
    Column(
        "train ex/s",
        "Training examples a second",
        _written("train_examples_per_s", significant),
        _of("train_examples_per_s"),
        5,
    ),
    Column(
        "log loss",
        "Mean negative log probability of the true label; lower is better",
        _written("log_loss", decimals),
        _of("log_loss"),
        4,
        low_first=True,
    ),
    Column(
        "ECE",
        "Expected calibration error, 15 bins; lower is better",
        _written("ece", decimals),
        _of("ece"),
        4,
        low_first=True,
    ),
)

MODEL_WIDTH = 34
"""Characters that a model's name may take before it is folded."""


def columns_for(lines: Sequence[Line], width: int) -> list[Column]:
    """The columns that fit a screen of `width` characters, the most wanted first; those of priority 1 always."""
    chosen, left = set(), width
    for column in sorted(COLUMNS, key=lambda column: column.priority):
        needed = max([len(column.title), *(len(column.text(line)) for line in lines)])
        left -= 2 + (needed if column.numeric else min(needed, MODEL_WIDTH))
        if left >= 0 or column.priority == 1:
            chosen.add(column.title)
    return [column for column in COLUMNS if column.title in chosen]
