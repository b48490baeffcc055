"""Rows as a table for programs: CSV and JSON, one run a line, the published columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from bench.board.row import COLUMNS, Row, published


def csv_text(rows: Sequence[Row]) -> str:
    """One line a run; empty where not measured."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in published(row).values()] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def json_text(rows: Sequence[Row]) -> str:
    """A JSON array of objects, null where not measured."""
    return json.dumps([published(row) for row in rows], indent=1, ensure_ascii=False, allow_nan=False) + "\n"
