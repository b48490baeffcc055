"""The commands that make runs again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from bench.board.leaderboard import Line
from bench.board.row import Row
from bench.identity import trained_rows


def making(lines: Sequence[Line], rows: Mapping[str, Row]) -> dict[str, Any]:
    """By run id its own command and what it was made of: of the first run of each line, and of all that it comes from.

    `rows` are all by run id. A parent is named by its run.
    """
    found: dict[str, Any] = {}
    todo = [line.run_ids[0] for line in lines]
    while todo:
        run_id = todo.pop()
        if run_id not in found and run_id in rows:
            row = rows[run_id]
            parents = [row.parent_run_id] if row.parent_run_id else list(row.member_run_ids)
            found[run_id] = [_command(row, parents), parents]
            todo += parents
    return found


def _command(row: Row, parents: Sequence[str]) -> str:
    rows = trained_rows(row.data.trained_on)
    given = row.variant.removesuffix(rows).removesuffix(",")
    recipe = shlex.quote(f"{row.recipe}[{given}]" if given else row.recipe)
    made_of = " ".join(f"--parent {shlex.quote(run_id)}" for run_id in parents)
    few = f" --per-label {rows.split()[0]}" if rows.endswith("a label") else ""
    source = made_of or f"-d {shlex.quote(row.data.dataset)} --seeds {row.seed}"
    return f"python -m bench run -r {recipe} {source}{few}"
