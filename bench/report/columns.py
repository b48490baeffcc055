"""The columns of a leaderboard, declared once for the terminal, Markdown, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.board.leaderboard import Line
from bench.board.numbers import count, decimals, interval, megabytes, signed, significant
from bench.measure.load import BUSY


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


def _score(line: Line) -> str:
    if not line.ok:
        return line.status.replace("_", " ")
    spread = f" ±{line.spread:.3f}" if line.spread is not None else ""
    return decimals(line.score) + spread


def _interval(line: Line) -> str:
    marks = {"own": "", "borrowed": "†", "none": "‡"}
    return interval(line) + (marks[line.standing.score.seeds] if line.standing else "‡" if line.interval else "")


def _behind(line: Line) -> str:
    standing = line.standing
    if not standing or not standing.behind or not standing.behind_interval:
        return ""
    return signed(standing.behind.value, *standing.behind_interval)


def _mean(
    title: str, help: str, name: str, write: Callable[[float | None], str], priority: int, low_first: bool = False
) -> Column:
    """A column of `Line.values`."""

    def value(line: Line) -> float | None:
        return getattr(line.values, name)  # type: ignore[no-any-return]

    return Column(title, help, lambda line: write(value(line)), value, priority, low_first=low_first)


def _times(line: Line, text: str) -> str:
    """With the marks of times to be read with care: `~` unsteady, `!` beside other load, `×` timed elsewhere."""
    if not text:
        return "×" if line.timed_elsewhere else ""
    return f"{text}{' ~' if line.unsteady else ''}{' !' if line.other_load >= BUSY else ''}"


def _p50_interval(line: Line) -> str:
    low, high = significant(line.values.p50_low_ms_b1), significant(line.values.p50_high_ms_b1)
    return f"{low}–{high}" if low and high else ""


MODEL = "model"
GAP = 2
"""Characters between two columns of a screen."""
COLUMNS = (
    Column(
        "#",
        "Rank by mean score; '=1' is not shown to be worse than the best, by a paired test corrected for all pairs",
        _rank,
        lambda line: line.rank,
        1,
        low_first=True,
    ),
    Column(
        MODEL,
        "Architecture, then what was done to it, in the order of making; parameters only where two would be called "
        "alike",
        lambda line: line.title,
        lambda line: line.title,
        1,
        False,
    ),
    Column("seeds", "Runs averaged; '2+1✗' means that one more failed", _seeds, lambda line: len(line.seeds), 2),
    Column(
        "score",
        "The data set's own metric, named above the table: mean over seeds ± standard deviation over seeds",
        _score,
        lambda line: line.score if line.ok else None,
        1,
    ),
    Column(
        "95 % CI",
        "Interval of the score over texts and seeds; † of one seed, widened by the spread that other models here have; "
        "‡ of one seed, over the texts alone",
        _interval,
        lambda line: line.interval and line.interval[0],
        2,
    ),
    Column(
        "to the best",
        "Difference from the best on the same texts; the intervals of all pairs hold together in 95 %",
        _behind,
        lambda line: line.standing.behind.value if line.standing and line.standing.behind else None,
        3,
    ),
    _mean(
        "accuracy",
        "Share of texts that get the right label; where they may have several, exactly these",
        "accuracy",
        decimals,
        2,
    ),
    _mean("macro F1", "Mean over labels of F1", "macro_f1", decimals, 2),
    _mean("macro rec.", "Mean over labels of recall", "macro_recall", decimals, 2),
    _mean(
        "MAE",
        "Mean absolute error in steps of the labels' scale; lower is better",
        "mean_absolute_error",
        decimals,
        3,
        True,
    ),
    _mean("micro F1", "F1 of all decisions on all labels together", "micro_f1", decimals, 2),
    _mean("Hamming", "Share of these decisions that are wrong; lower is better", "hamming_loss", decimals, 2, True),
    _mean("κ²", "Quadratic kappa: agreement beyond chance, far misses weigh more", "quadratic_kappa", decimals, 3),
    Column(
        "p50 ms",
        "Median time of one text at a time, text in, label out, all cores; ~ its rounds are not steady, ! taken beside "
        "other load, × timed on another machine, by another protocol or in another session",
        lambda line: _times(line, significant(line.values.p50_ms_b1)),
        lambda line: line.values.p50_ms_b1,
        1,
        low_first=True,
    ),
    Column(
        "p50 95 %",
        "Its interval over rounds, of at least 95 %",
        _p50_interval,
        lambda line: line.values.p50_low_ms_b1,
        3,
        low_first=True,
    ),
    _mean("p95 ms", "95th percentile of the same", "p95_ms_b1", significant, 3, True),
    _mean("texts/s", "Throughput in batches of 32, all cores", "texts_per_s_b32", significant, 2),
    _mean("MB", "Artifact on disk, 10^6 bytes", "bytes_on_disk", megabytes, 1, True),
    _mean("params", "Learned numbers in the artifact", "parameters", count, 5, True),
    _mean(
        "RSS MB",
        "Peak resident memory of a process that loads the model and predicts",
        "peak_rss_mb",
        significant,
        3,
        True,
    ),
    _mean("train ex/s", "Training examples a second", "train_examples_per_s", significant, 5),
    _mean(
        "log loss",
        "Mean negative log probability of the true label; lower is better",
        "log_loss",
        decimals,
        4,
        True,
    ),
    _mean("ECE", "Expected calibration error, 15 bins; lower is better", "ece", decimals, 4, True),
)

OPTIONAL = ("MAE", "κ²", "micro F1", "Hamming")
"""Of data sets whose labels have an order, or whose texts may have several."""


def columns_of(lines: Sequence[Line]) -> list[Column]:
    """The columns of a leaderboard: all but the optional ones that no line has a value in."""
    return [c for c in COLUMNS if c.title not in OPTIONAL or any(c.value(line) is not None for line in lines)]


def columns_for(lines: Sequence[Line], width: int) -> list[Column]:
    """The columns that fit a screen of `width` characters, by priority; those of priority 1 always.

    Where one does not fit, none of a lower priority stands in its place.
    """
    chosen, free, last = set(), width, max(column.priority for column in COLUMNS)
    for column in sorted(columns_of(lines), key=lambda column: column.priority):
        needed = GAP + _width(column, lines)
        if column.priority == 1 or (free >= needed and column.priority <= last):
            chosen.add(column.title)
            free -= needed
        else:
            last = min(last, column.priority)
    return [column for column in COLUMNS if column.title in chosen]


def room_for_names(columns: Sequence[Column], lines: Sequence[Line], width: int) -> int:
    """Characters that the other columns leave a model's name."""
    return width - sum(GAP + _width(column, lines) for column in columns if column.title != MODEL) - GAP


def _width(column: Column, lines: Sequence[Line]) -> int:
    """Of the longest cell; a name takes no more than it does in a figure."""
    texts = [line.figure for line in lines] if column.title == MODEL else map(column.text, lines)
    return max([len(column.title), *map(len, texts)])
