"""All stored results as rows: which leaderboard each stands on, and which of several runs of one thing counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from bench.artifact import PREFIX
from bench.board.model import Models
from bench.board.read import read_row
from bench.board.row import Row
from bench.clock import order_in_time
from bench.errors import NOTHING_RAN, BenchError
from bench.schema import Result
from bench.store import Store


class EmptyStoreError(BenchError):
    """Nothing has been run yet."""

    exit_code = NOTHING_RAN


def stored_rows(
    store: Store,
    watch: Callable[[Iterable[Result]], Iterable[Result]] = iter,
    datasets: Collection[str] | None = None,
) -> list[Row]:
    """The rows of every stored result, or of some data sets; where there is none, an error says what to run first.

    `watch` sees each result as it streams by.
    """
    stored = rows(watch(store.read_all(datasets)))
    if not stored:
        raise EmptyStoreError(f"no results in the store {store.place}; run some first: python -m bench run quick")
    return stored


def rows(results: Iterable[Result]) -> list[Row]:
    """One row a run, in the order of the results, those that a newer run supersedes marked."""
    placed = _on_boards(_with_members([read_row(result) for result in results]))
    old = _superseded(placed)
    return [replace(row, superseded=True) if row.run_id in old else row for row in placed]


def counted(all_rows: Iterable[Row]) -> list[Row]:
    """The rows that a leaderboard and a report stand on: those that no newer run supersedes."""
    return [row for row in all_rows if not row.superseded]


def _with_members(read: Sequence[Row]) -> list[Row]:
    """The runs that each ensemble is made of, identified by the hashes of their artifacts."""
    runs = {row.artifact[:PREFIX]: row.run_id for row in read if row.artifact}
    return [
        replace(row, member_run_ids=tuple(runs.get(prefix, prefix) for prefix in row.parent_artifacts))
        if len(row.parent_artifacts) > 1
        else row
        for row in read
    ]


def _on_boards(read: Sequence[Row]) -> list[Row]:
    """A data set whose test rows changed has a leaderboard for each.

    A failure may have ended before its data were read; it stands with the newest results of its data set.
    """
    contents: dict[str, list[str]] = {}
    for row in sorted(read, key=lambda row: order_in_time(row.started_at)):
        seen = contents.setdefault(row.board, [])
        if row.ok and row.data.content not in seen:
            seen.append(row.data.content)
    return [_on_board(row, contents[row.board]) for row in read]


def _on_board(row: Row, contents: Sequence[str]) -> Row:
    if len(contents) < 2:
        return row
    content = row.data.content if row.data.content in contents else contents[-1]
    return replace(row, board=f"{row.board}, test rows {content[:8]}")


def _superseded(placed: Sequence[Row]) -> set[str]:
    """Of several runs of one thing the newest ok one counts; where none is ok, the newest."""
    seeds, models = {row.run_id: row.seed for row in placed}, Models(placed)
    newest: dict[tuple[object, ...], Row] = {}
    old = set()

    def precedence(row: Row) -> tuple[bool, str, str]:
        return row.ok, order_in_time(row.started_at), row.run_id

    for row in placed:
        above = tuple(seeds.get(run_id or "") for run_id in (row.parent_run_id, row.teacher_run_id))
        key = (row.board, models.key(row), row.seed, above)
        other = newest.get(key)
        older, newest[key] = sorted((other, row), key=precedence) if other else (None, row)
        if older:
            old.add(older.run_id)
    return old
