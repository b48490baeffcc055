"""Every run with every field, column by column: what repeats stands once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.board.row import Row
from bench.board.rows import counted
from bench.board.table import COLUMNS, published


def runs_document(rows: Sequence[Row], logs: Mapping[str, str]) -> dict[str, Any]:
    """The rows of `results.csv`; `same` holds what all have in common, `logs` the end of the log of each failure."""
    cells = [published(row) for row in counted(rows)]
    same, columns = dict[str, Any](), dict[str, Any]()
    for name in COLUMNS:
        values = [_shown(cell[name]) for cell in cells]
        kinds = list(dict.fromkeys(values))
        if len(kinds) == 1 and name != "run_id":
            same[name] = kinds[0]
        elif len(kinds) * 2 < len(values):
            places = {kind: i for i, kind in enumerate(kinds)}
            columns[name] = {"kinds": kinds, "of": [places[value] for value in values]}
        else:
            columns[name] = values
    return {
        "same": same,
        "columns": columns,
        "logs": {row.run_id: logs[row.run_id] for row in rows if row.run_id in logs},
    }


def _shown(value: Any) -> Any:
    """Numbers to five digits; a number and a truth are kept apart, which Python takes for equal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return float(f"{value:.5g}") if isinstance(value, float) else value
