"""The leaderboard of each data set: one line a model, means over seeds, ties, and what the test set can show."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bench.report.aggregate import NOTES, Row, counted, descent, line_key, model_name
from bench.report.naming import named
from bench.schema import REFIT_NOTE

Context = tuple[str, str]
"""Machine and measuring protocol: times are compared within one."""

AVERAGED = (
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "macro_f1",
    "macro_f1_low",
    "macro_f1_high",
    "macro_recall",
    "macro_recall_low",
    "macro_recall_high",
    "log_loss",
    "ece",
    "parameters",
    "bytes_on_disk",
    "peak_rss_mb",
)
TIMES = ("p50_ms_b1", "p95_ms_b1", "texts_per_s_b32", "train_examples_per_s")


@dataclass(frozen=True)
class Line:
    """One model on one data set: a recipe with its parameters (and parent), over all its seeds."""

    track: str
    recipe: str
    name: str
    origins: tuple[str, ...]
    """The lineages of its parent, or of all members of an ensemble; none of what trains from texts alone."""
    teacher: str
    status: str
    """`ok` where at least one seed is."""
    reason: str
    """Why seeds failed, empty where none did."""
    seeds: tuple[int, ...]
    """Of the ok runs."""
    failed: int
    run_ids: tuple[str, ...]
    """The ok runs in the order of `seeds`; where none is ok, the failed ones."""
    refit: bool = False
    """Trained on train and validation together."""
    values: dict[str, float | None] = field(default_factory=dict)
    """Means over the ok seeds by column name; the interval's ends are means of the ends of each seed's interval."""
    spread: float | None = None
    """Standard deviation of accuracy over seeds, None for fewer than two."""
    runtime: str = ""
    timed_elsewhere: int = 0
    """Ok runs whose times were taken on another machine or by another protocol, and are left out."""
    tied: bool = False
    """One of several that are nearer to the best than the smallest gap, or the best of these."""
    rank: int | None = None
    """1 for the best and all that are tied with it, else the place by accuracy; None without scores."""
    short: str = ""
    """The name with those parameters alone that tell it from the board's other models of its recipe."""
    title: str = ""
    """Its short name with those of what it comes from."""

    @property
    def ok(self) -> bool:
        """Whether it has scores."""
        return self.status == "ok"

    @property
    def parent(self) -> str:
        """The lineage of its one parent; empty for none, and for an ensemble."""
        return self.origins[0] if len(self.origins) == 1 else ""

    @property
    def lineage(self) -> str:
        """The whole name, and those of what it was made of."""
        return descent(self.name, self.origins)


@dataclass(frozen=True)
class Board:
    """All models of one data set, the most accurate first, failures last."""

    name: str
    dataset: str
    revision: str
    content: str
    """Hash of the test rows, where known."""
    limit: int | None
    n_test: int | None
    notes: tuple[str, ...]
    lines: tuple[Line, ...]
    smallest_gap: float | None
    """The difference in accuracy that this many test texts can show, 95 %; None where nothing is scored."""
    superseded: int
    """Older runs left out, because a newer one of the same thing counts."""
    machine: str
    """The one machine whose times are shown, that on which most runs of the data set were timed; empty without any."""
    timed_elsewhere: int

    @property
    def ok_lines(self) -> list[Line]:
        """The lines that have scores."""
        return [line for line in self.lines if line.ok]

    @property
    def floor(self) -> float:
        """The accuracy under which a model is too far off to be drawn to scale; 0 where nothing is scored."""
        found = [_accuracy(line) for line in self.ok_lines]
        best = max(found, default=0.0)
        return max(best - max(0.06, 2.5 * (best - statistics.median(found))), 0.6 * best) if found else 0.0

    @property
    def tied(self) -> list[Line]:
        """The best line and all that cannot be told from it."""
        return [line for line in self.lines if line.rank == 1]


def smallest_gap(accuracy: float, n: int) -> float:
    """The difference between two independent accuracies that is 1.96 standard errors: 1.96 sqrt(2 p (1 - p) / n).

    Predictions on the same texts are paired, so that a paired test may see smaller ones.
    """
    return 1.96 * math.sqrt(2 * accuracy * (1 - accuracy) / n)


def boards(all_rows: list[Row]) -> list[Board]:
    """A leaderboard a data set, by name. `all_rows` come from `aggregate.rows`, superseded ones included."""
    by_id = {row["run_id"]: row for row in all_rows}
    grouped: dict[str, list[Row]] = {}
    for row in all_rows:
        grouped.setdefault(row["board"], []).append(row)
    return [_board(name, grouped[name], by_id) for name in sorted(grouped)]


def main_context(some_rows: Iterable[Row]) -> Context | None:
    """The machine and protocol that timed most runs, of equals the last by name; untimed, the machine of most runs."""
    ok = [row for row in some_rows if row["status"] == "ok"]
    timed = [row for row in ok if row["protocol"] is not None]
    count = Counter((row["timed_on"] or row["machine"], row["protocol"] or "") for row in timed or ok)
    return max(count, key=lambda context: (count[context], context)) if count else None


def _board(name: str, board_rows: list[Row], by_id: dict[str, Row]) -> Board:
    current = counted(board_rows)
    context = main_context(current)
    grouped: dict[tuple[Any, ...], list[Row]] = {}
    for row in current:
        grouped.setdefault(line_key(row, by_id), []).append(row)
    lines = named([_line(key, group, context) for key, group in grouped.items()])
    newest = max(current, key=lambda row: (row["status"] == "ok", row["started_at"]))
    n_test = max((row["n_test"] for row in current if row["n_test"]), default=None)
    best = max((_accuracy(line) for line in lines if line.ok), default=None)
    gap = None if best is None or n_test is None else smallest_gap(best, n_test)
    return Board(
        name=name,
        dataset=current[0]["dataset"],
        revision=newest["revision"],
        content=newest["content"],
        limit=current[0]["limit"],
        n_test=n_test,
        notes=tuple(dict.fromkeys(note for row in current for note in _notes_of_data(row))),
        lines=_ranked(lines, gap or 0.0),
        smallest_gap=gap,
        superseded=len(board_rows) - len(current),
        machine=context[0] if context and any(line.values.get("p50_ms_b1") for line in lines) else "",
        timed_elsewhere=sum(line.timed_elsewhere for line in lines),
    )


def _notes_of_data(row: Row) -> list[str]:
    """Its notes but that of a refit, which is of the one line that names it."""
    return [note for note in row["notes"].split(NOTES) if note and not note.startswith(REFIT_NOTE)]


def _line(key: tuple[Any, ...], group: list[Row], context: Context | None) -> Line:
    _, track, recipe, _, made_of, teacher = key
    group = sorted(group, key=lambda row: (row["seed"], row["run_id"]))
    ok = [row for row in group if row["status"] == "ok" and row["accuracy"] is not None]
    failed = [row for row in group if row not in ok]
    timed_here = [row for row in ok if row["protocol"] is None or (row["timed_on"], row["protocol"]) == context]
    trained_here = [row for row in ok if context is None or row["machine"] == context[0]]
    values = {column: _mean(ok, column) for column in AVERAGED}
    for column in TIMES:
        values[column] = _mean(trained_here if column == "train_examples_per_s" else timed_here, column)
    accuracies = [row["accuracy"] for row in ok]
    return Line(
        track=track,
        recipe=recipe,
        name=model_name(group[0]),
        origins=made_of,
        teacher=teacher,
        status="ok" if ok else group[-1]["status"],
        reason=_reasons(failed),
        seeds=tuple(row["seed"] for row in ok),
        failed=len(failed),
        run_ids=tuple(row["run_id"] for row in (ok or group)),
        refit=any(REFIT_NOTE in row["notes"] for row in group),
        values=values,
        spread=statistics.stdev(accuracies) if len(accuracies) > 1 else None,
        runtime=ok[0]["runtime"] if ok else "",
        timed_elsewhere=len(ok) - len(timed_here),
    )


def _mean(some_rows: list[Row], column: str) -> float | None:
    known = [row[column] for row in some_rows if row[column] is not None]
    return statistics.fmean(known) if known else None


def _reasons(failed: list[Row]) -> str:
    """`seed 2: failed in train: out of disk`, each different reason once."""
    said: dict[str, list[str]] = {}
    for row in failed:
        phase = f" in {row['phase']}" if row["phase"] else ""
        said.setdefault(f"{row['status']}{phase}: {row['status_reason'] or 'no reason recorded'}", []).append(
            str(row["seed"])
        )
    return "; ".join(f"seed {', '.join(seeds)}: {reason}" for reason, seeds in said.items())


def _ranked(lines: list[Line], gap: float) -> tuple[Line, ...]:
    """Most accurate first with ranks and ties (less than `gap` from the best), failures last by name."""
    scored = sorted((line for line in lines if line.ok), key=lambda line: (-_accuracy(line), line.title))
    failures = sorted((line for line in lines if not line.ok), key=lambda line: line.title)
    near = [line is scored[0] or _accuracy(scored[0]) - _accuracy(line) < gap for line in scored]
    ranked = [
        replace(line, tied=tied and sum(near) > 1, rank=1 if tied else place)
        for place, (line, tied) in enumerate(zip(scored, near, strict=True), start=1)
    ]
    return (*ranked, *failures)


def _accuracy(line: Line) -> float:
    return line.values["accuracy"] or 0.0
