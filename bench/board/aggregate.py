"""From rows to leaderboards: means over seeds, the session whose times are shown, ranks."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import fields

from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line, Means, Names
from bench.board.model import LineKey, Models
from bench.board.naming import Naming
from bench.board.noise import noise_of
from bench.board.predictions import Predictions
from bench.board.row import Context, Row
from bench.board.rows import counted
from bench.board.table import reader
from bench.board.ties import ranked, resolution
from bench.clock import order_in_time
from bench.data.manifest import metric_of
from bench.errors import BenchError, did_you_mean
from bench.metrics import Metric
from bench.noise_floor import NoiseFloor

COLUMNS = tuple(field.name for field in fields(Means))
TIMED = ("p50_ms_b1", "p50_low_ms_b1", "p50_high_ms_b1", "p95_ms_b1", "texts_per_s_b32")


def boards(all_rows: Sequence[Row], predictions: Predictions, floors: Sequence[NoiseFloor] = ()) -> list[Board]:
    """A leaderboard a data set, by name. `all_rows` come from `bench.board.rows`, superseded ones included.

    Ranks and ties are of the stored `predictions`; `floors` say how far times of one artifact differ on its machine.
    """
    models = Models(all_rows)
    grouped: dict[str, list[Row]] = {}
    for row in all_rows:
        grouped.setdefault(row.board, []).append(row)
    return [_board(name, grouped[name], models, predictions, floors) for name in sorted(grouped)]


def chosen(candidates: Sequence[Board], dataset: str | None) -> list[Board]:
    """The leaderboards of one data set, of all where None is named."""
    selected = [board for board in candidates if dataset is None or board.data.dataset == dataset]
    if not selected:
        names = {board.data.dataset for board in candidates}
        raise BenchError(f"no results on data set '{dataset}'; {did_you_mean(str(dataset), names)}")
    return selected


def main_context(some_rows: Iterable[Row], models: Models) -> Context | None:
    """Machine, protocol and session that timed most lines; of equals that of most runs, the newest.

    Times of unknown sessions stand back: they may be of different days, and show no ratio. Where nothing is timed it is
    the machine of most lines.
    """
    ok = [row for row in some_rows if row.ok]
    timed = [row for row in ok if row.performance.protocol is not None]
    keys: dict[Context, list[LineKey]] = {}
    for row in timed or ok:
        keys.setdefault(row.context, []).append(models.key(row))
    return max(keys, key=lambda c: (bool(c.session), len(set(keys[c])), len(keys[c]), c), default=None)


def _board(
    name: str, board_rows: list[Row], models: Models, predictions: Predictions, floors: Sequence[NoiseFloor]
) -> Board:
    current = counted(board_rows)
    context = main_context(current, models)
    newest = max(current, key=lambda row: (row.ok, order_in_time(row.started_at)))
    n_test = max((row.data.n_test for row in current if row.data.n_test), default=None)
    notes = list(dict.fromkeys(note for row in current for note in row.data.set_notes))
    metric = metric_of(newest.data.dataset, newest.data.notes)
    unranked = _lines(current, models, context, metric)
    lines = ranked(unranked, Inference([line for line in unranked if line.ok], predictions, metric))
    threads = max((run.performance.threads or 0 for line in lines for run in line.timed), default=None)
    return Board(
        name=name,
        data=newest.data.model_copy(update={"n_test": n_test, "notes": notes}),
        lines=lines,
        metric=metric,
        resolution=resolution(lines),
        superseded=len(board_rows) - len(current),
        machine=context.machine if context and any(line.timed for line in lines) else "",
        session=context.session if context else "",
        noise=noise_of(context, threads, floors),
        timed_elsewhere=sum(line.timed_elsewhere for line in lines),
    )


def _lines(current: list[Row], models: Models, context: Context | None, metric: Metric) -> list[Line]:
    grouped: dict[LineKey, list[Row]] = {}
    for row in current:
        grouped.setdefault(models.key(row), []).append(row)
    naming = Naming(list(grouped))
    return [_line(key, naming.names(key), group, context, metric) for key, group in grouped.items()]


def _line(key: LineKey, names: Names, group: list[Row], context: Context | None, metric: Metric) -> Line:
    group = sorted(group, key=lambda row: (row.seed, row.run_id))
    ok = [row for row in group if row.ok and row.accuracy is not None]
    failed = [row for row in group if not row.ok or row.accuracy is None]
    timed = [row for row in ok if row.performance.protocol is not None]
    timed_here = [row for row in timed if row.context == context]
    scores = [score for row in ok if (score := reader(metric)(row)) is not None]
    return Line(
        track=key.track,
        model=key.model,
        teacher=key.teacher,
        names=names,
        status="ok" if ok else group[-1].status,
        reason=_reasons(failed),
        runs=tuple(ok or group),
        failed=len(failed),
        values=_means(ok, timed_here, context),
        metric=metric,
        spread=statistics.stdev(scores) if len(scores) > 1 else None,
        timed=tuple(timed_here),
        timed_elsewhere=len(timed) - len(timed_here),
    )


def _means(ok: list[Row], timed_here: list[Row], context: Context | None) -> Means:
    trained_here = [row for row in ok if context is None or row.machine == context.machine]
    of = dict.fromkeys(COLUMNS, ok) | dict.fromkeys(TIMED, timed_here) | {"train_examples_per_s": trained_here}
    means: dict[str, float] = {}
    for column in COLUMNS:
        read = reader(column)
        if values := [value for row in of[column] if (value := read(row)) is not None]:
            means[column] = statistics.fmean(values)
    return Means(**means)


def _reasons(failed: list[Row]) -> str:
    """`seed 2: failed in train: out of disk`, each different reason once."""
    seeds: dict[str, list[str]] = {}
    for row in failed:
        phase = f" in {row.phase}" if row.phase else ""
        reason = f"{row.status}{phase}: {row.status_reason or 'no reason recorded'}"
        seeds.setdefault(reason, []).append(str(row.seed))
    return "; ".join(f"seed {', '.join(those)}: {reason}" for reason, those in seeds.items())


def titles(boards: Iterable[Board]) -> dict[str, str]:
    """What the model of each run is called."""
    return {run_id: line.title for board in boards for line in board.lines for run_id in line.run_ids}
