"""Which training each run comes from: what a compression made of one seed stands or falls with that seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.board.row import Row


class Descent:
    """The ancestors of the runs of a store."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {row.run_id: row for row in rows}
        seeds: dict[tuple[str | None, str], set[int]] = {}
        for row in self._rows.values():
            seeds.setdefault((row.parent_run_id, row.model_name), set()).add(row.seed)
        self._anew = {key for key, some in seeds.items() if len(some) > 1}
        """Models that several seeds made of one parent: of a student of one teacher, each seed starts anew."""

    def ancestor(self, run_id: str, steps: int) -> str | None:
        """The run that many steps up; None where a result between is missing."""
        found: str | None = run_id
        for _ in range(steps):
            row = self._rows.get(found) if found else None
            found = row.parent_run_id if row else None
        return found

    def root(self, run_id: str) -> str:
        """The training whose chance a run shares: its parent's, unless that is an ensemble or seeds start from it."""
        row = self._rows.get(run_id)
        parent = self._rows.get(row.parent_run_id or "") if row else None
        if row is None or parent is None or parent.member_run_ids or (parent.run_id, row.model_name) in self._anew:
            return run_id
        return self.root(parent.run_id)

    def roots(self, run_ids: Sequence[str]) -> tuple[str, ...]:
        """Of the runs of one model, in their order; their own ids where two would share one."""
        found = tuple(map(self.root, run_ids))
        return found if len(set(found)) == len(found) else tuple(run_ids)
