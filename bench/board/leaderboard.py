"""The leaderboard of one data set and its lines: one line a model, over all its seeds."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, fields
from typing import Any

from bench.board.model import Model
from bench.board.noise import Noise
from bench.board.row import Performance, Row
from bench.board.vocabulary import Family
from bench.contract import Params
from bench.data.manifest import is_multi_label
from bench.identity import ELSEWHERE
from bench.metrics import METRICS, MULTI_LABEL_METRICS, AnyMetric, Metric
from bench.registry import is_timed
from bench.schema import Data
from bench.stats.estimate import Estimate


@dataclass(frozen=True)
class Names:
    """How one line is called."""

    name: str
    """The recipe with what differs from its defaults, and from another model here of the same lineage."""
    short: str
    """The recipe with those parameters only that distinguish the line from the board's other models of it."""
    title: str
    """What people read: its architecture, then what was done to it. No other line of the board has it."""
    figure: str
    """The title in as many characters as a figure has room for."""
    family: Family
    """What runs in the end; it has a colour and a marker of its own."""
    origins: tuple[str, ...]
    """The lineages of its parent, or of all members of an ensemble; none of what trains from texts alone."""
    lineage: str
    """Its name, and those of what it was made of."""
    teacher: str
    """The lineage of its teacher, empty for none."""


@dataclass(frozen=True)
class Means:
    """Means over the ok seeds, None where not measured; an interval's ends are means of the ends of the seeds'."""

    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    macro_f1: float | None = None
    macro_f1_low: float | None = None
    macro_f1_high: float | None = None
    macro_recall: float | None = None
    macro_recall_low: float | None = None
    macro_recall_high: float | None = None
    mean_absolute_error: float | None = None
    quadratic_kappa: float | None = None
    micro_f1: float | None = None
    hamming_loss: float | None = None
    log_loss: float | None = None
    ece: float | None = None
    parameters: float | None = None
    bytes_on_disk: float | None = None
    peak_rss_mb: float | None = None
    p50_ms_b1: float | None = None
    p50_low_ms_b1: float | None = None
    p50_high_ms_b1: float | None = None
    p95_ms_b1: float | None = None
    texts_per_s_b32: float | None = None
    train_examples_per_s: float | None = None


@dataclass(frozen=True)
class Standing:
    """What the stored predictions of a line show, by the data set's metric."""

    score: Estimate
    """Over texts and seeds."""
    behind: Estimate | None
    """This line less the best; None for the best itself."""
    level: float
    """Of the test of `behind`: all pairs of its family of models together err in 5 %."""

    @property
    def worse(self) -> bool:
        """Whether it is shown to be worse than the best."""
        return self.behind is not None and self.behind.p_zero() < self.level

    @property
    def behind_interval(self) -> tuple[float, float] | None:
        """Of `behind`; those of all pairs of its family of models hold together in 95 %."""
        return self.behind.interval(self.level) if self.behind else None


@dataclass(frozen=True)
class Line:
    """One model on one data set: a recipe with its parameters (and parent), over all its seeds."""

    track: str
    model: Model
    teacher: Model | None
    names: Names
    status: str
    """`ok` where at least one seed is."""
    reason: str
    """Why seeds failed, empty where none did."""
    runs: tuple[Row, ...]
    """The ok runs by seed; where none is ok, the failed ones."""
    failed: int
    values: Means
    metric: AnyMetric
    """The data set's own."""
    spread: float | None
    """Standard deviation of the score over seeds, None for fewer than two."""
    timed: tuple[Row, ...]
    """Ok runs whose times stand in the board: of its machine, protocol and session."""
    timed_elsewhere: int
    """Ok runs timed on another machine, by another protocol or in another session, whose times are left out."""
    standing: Standing | None = None
    """None without scores, and where no predictions of the same texts are stored."""
    tied: bool = False
    """One of several that are not shown to be worse than the best, or the best of these."""
    rank: int | None = None
    """1 for the best and all that are tied with it, else the place by score; None without scores."""

    @property
    def ok(self) -> bool:
        """Whether it has scores."""
        return self.status == "ok"

    @property
    def recipe(self) -> str:
        """Its recipe's name."""
        return self.model.recipe

    @property
    def params(self) -> Params:
        """All parameters, as they were when it ran."""
        return self.model.params

    @property
    def refit(self) -> bool:
        """Trained on train and validation together."""
        return self.model.refit

    @property
    def untaught(self) -> bool:
        """Whether it is a student that learns nothing from its teacher: a control."""
        return self.teacher is not None and not self.params.get("alpha", 1.0)

    @property
    def name(self) -> str:
        """Its whole name."""
        return self.names.name

    @property
    def short(self) -> str:
        """Its short name."""
        return self.names.short

    @property
    def title(self) -> str:
        """What people read: its architecture, then what was done to it."""
        return self.names.title

    @property
    def figure(self) -> str:
        """Its title in as many characters as a figure has room for."""
        return self.names.figure

    @property
    def family(self) -> Family:
        """What runs in the end."""
        return self.names.family

    @property
    def lineage(self) -> str:
        """Its whole name, and those of what it was made of."""
        return self.names.lineage

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the ok runs."""
        return tuple(run.seed for run in self.runs) if self.ok else ()

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Of `runs`."""
        return tuple(run.run_id for run in self.runs)

    @property
    def runtime(self) -> str:
        """What executes it, empty without scores."""
        return self.runs[0].runtime if self.ok else ""

    @property
    def unsteady(self) -> bool:
        """Whether the rounds of one of its timed runs scatter or drift."""
        return any(False in (p.all_threads.steady, p.one_thread.steady) for p in self._performances)

    @property
    def other_load(self) -> float:
        """Most cores that others kept busy while one of its runs was timed; 0 where that is not known."""
        return max((p.other_load or 0.0 for p in self._performances), default=0.0)

    @property
    def _performances(self) -> list[Performance]:
        return [run.performance for run in self.timed]

    @property
    def score(self) -> float:
        """Mean over seeds, by the data set's metric; 0 without scores."""
        return getattr(self.values, self.metric) or 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the score, 95 %, over texts and seeds; None without scores.

        Where no predictions are stored, over the texts alone: the mean ends of the seeds' bootstrap intervals.
        """
        if self.standing:
            low, high = self.standing.score.interval()
            return max(low, 0.0), min(high, 1.0)
        first = getattr(self.values, f"{self.metric}_low", None)
        last = getattr(self.values, f"{self.metric}_high", None)
        return None if first is None or last is None else (first, last)


@dataclass(frozen=True)
class Board:
    """All models of one data set, the best first, failures last."""

    name: str
    data: Data
    """The facts of its data set, of the newest run; the notes of all runs, and the largest number of texts scored."""
    lines: tuple[Line, ...]
    metric: Metric
    """The data set's own: it decides ranks and ties."""
    resolution: float | None
    """The smallest difference from the best that these texts and seeds can show, of the line in the middle; None where
    there is nothing to compare."""
    superseded: int
    """Older runs left out, because a newer one of the same thing counts."""
    machine: str
    """The one machine whose times are shown, that on which most lines of the data set were timed; empty without any."""
    session: str
    """The one measuring session whose times are shown; empty for times from before sessions were recorded."""
    noise: Noise
    """Of the machine."""
    timed_elsewhere: int

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels."""
        return is_multi_label(self.data.notes)

    @property
    def metrics(self) -> tuple[AnyMetric, ...]:
        """The scores that its models are compared by."""
        return MULTI_LABEL_METRICS if self.multi_label else METRICS

    @property
    def ok_lines(self) -> list[Line]:
        """The lines that have scores."""
        return [line for line in self.lines if line.ok]

    @property
    def models(self) -> list[Line]:
        """Those that can be shipped: what is predicted elsewhere, by files or by an endpoint, is never chosen."""
        return [line for line in self.ok_lines if line.track != ELSEWHERE and is_timed(line.recipe)]

    @property
    def floor(self) -> float:
        """The score under which a model is too far off to be drawn to scale; 0 where nothing is scored."""
        scores = [line.score for line in self.ok_lines]
        if not scores:
            return 0.0
        best = max(scores)
        return max(best - max(0.06, 2.5 * (best - statistics.median(scores))), 0.6 * best)

    @property
    def tied(self) -> list[Line]:
        """The best line and all that are not shown to be worse."""
        return [line for line in self.lines if line.rank == 1]


def document(board: Board) -> dict[str, Any]:
    """A leaderboard for programs."""
    data = {name: getattr(board.data, name) for name in ("dataset", "revision", "content", "limit", "n_test", "notes")}
    rest = {field.name: getattr(board, field.name) for field in fields(board) if field.name not in ("name", "data")}
    rest["noise"] = board.noise._asdict()
    return {"name": board.name, **data, **rest, "lines": [_line_document(line) for line in board.lines]}


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "track": line.track, "recipe": line.recipe, "name": line.name, "params": dict(line.params),
        "origins": line.names.origins, "teacher": line.names.teacher, "status": line.status, "reason": line.reason,
        "seeds": line.seeds, "failed": line.failed, "run_ids": line.run_ids, "refit": line.refit,
        "values": asdict(line.values), "spread": line.spread, "runtime": line.runtime,
        "timed_elsewhere": line.timed_elsewhere, "unsteady": line.unsteady, "other_load": line.other_load,
        "tied": line.tied, "rank": line.rank, "short": line.short, "title": line.title,
        "figure": line.figure, "family": line.family, "metric": line.metric,
        "standing": _standing_document(line.standing),
    }  # fmt: skip


def _standing_document(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    score, behind = standing.score, standing.behind
    low, high = standing.behind_interval or (None, None)
    difference = behind and {"value": behind.value, "low": low, "high": high, "seeds": behind.seeds}
    return {
        "score": {"value": score.value, "low": score.interval()[0], "high": score.interval()[1], "seeds": score.seeds},
        "behind": difference, "worse": standing.worse,
    }  # fmt: skip
