"""Which runs of the leaderboards are timed together: each model once, or some runs with their families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.board.leaderboard import Board
from bench.board.row import Row
from bench.errors import BenchError, did_you_mean


def one_of_each_line(boards: Iterable[Board], usable: Callable[[Row], bool]) -> tuple[list[Row], list[str]]:
    """Of each model the run of the lowest seed that is `usable`, and the titles of models that have none."""
    chosen, without = [], []
    for line in (line for board in boards for line in board.ok_lines):
        run = next((run for run in line.runs if usable(run)), None)
        if run is None:
            without.append(line.title)
        else:
            chosen.append(run)
    return chosen, without


def families_of(
    run_ids: Sequence[str], boards: Iterable[Board], usable: Callable[[Row], bool]
) -> tuple[list[Row], list[str]]:
    """Those runs, what they were made of and what was made of them, and which of these are not `usable`.

    Raises `BenchError` for a run that stands on none of the leaderboards.
    """
    rows = {run.run_id: run for board in boards for line in board.ok_lines for run in line.runs}
    for run_id in run_ids:
        if run_id not in rows:
            raise BenchError(f"no scored run '{run_id}' on these leaderboards; {did_you_mean(run_id, rows)}")
    children: dict[str, list[str]] = {}
    for row in rows.values():
        for parent in _made_of(row):
            children.setdefault(parent, []).append(row.run_id)
    wanted = _closure(run_ids, lambda run_id: _made_of(rows[run_id]) if run_id in rows else [])
    wanted |= _closure(run_ids, lambda run_id: children.get(run_id, []))
    family = [row for run_id, row in rows.items() if run_id in wanted]
    return [row for row in family if usable(row)], [row.run_id for row in family if not usable(row)]


def _made_of(row: Row) -> list[str]:
    parents = (row.parent_run_id, row.teacher_run_id, *row.member_run_ids)
    return [parent for parent in parents if parent]


def _closure(start: Iterable[str], related: Callable[[str], Iterable[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(start)
    while todo:
        run_id = todo.pop()
        if run_id not in found:
            found.add(run_id)
            todo += related(run_id)
    return found
