"""`results.csv`: each row as the report would write it today."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.board.rows import counted, rows
from bench.board.table import COLUMNS, csv_text
from bench.errors import one_line
from bench.schema import Result
from bench.verify.differences import Problem, compared


def check_csv(path: Path, results: Sequence[Result]) -> Iterator[Problem]:
    """Each row as the report would write it today; a run that a newer one supersedes may be left out.

    Columns that came after the report was written, the last ones of today's, are not in it; another counts as empty.
    """
    try:
        read = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True))
    except (OSError, ValueError, csv.Error) as error:
        yield Problem(path.name, f"unreadable: {one_line(error)}")
        return
    published = {str(row.get("run_id")): row for row in read}
    if len(published) < len(read):
        yield Problem(path.name, f"{len(read)} rows of {len(published)} runs; a run has one row")
    everything = rows(results)
    due = {row["run_id"]: row for row in csv.DictReader(io.StringIO(csv_text(everything), newline=""))}
    for run_id in sorted(published.keys() - due.keys()):
        yield Problem(path.name, f"row '{run_id}' has no readable result")
    for run_id in sorted({row.run_id for row in counted(everything)} - published.keys()):
        yield Problem(path.name, f"no row of run '{run_id}'")
    header = tuple(read[0]) if read else ()
    newer = set(COLUMNS[len(header) :]) if header == COLUMNS[: len(header)] else set()
    for run_id in sorted(published.keys() & due.keys()):
        again = {name: value for name, value in due[run_id].items() if name not in newer}
        yield from compared(path.name, f"row '{run_id}'", dict.fromkeys(again, "") | published[run_id], again)
