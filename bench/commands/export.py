"""`bench export`: rows and leaderboards for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


class Format(StrEnum):
    """What can be written."""

    csv = "csv"
    md = "md"
    latex = "latex"
    json = "json"


def export(
    format: Annotated[
        Format, typer.Option(help="csv and json: one row a run; md and latex: leaderboards.")
    ] = Format.csv,
    out: Annotated[Path | None, typer.Option(help="File to write; the screen if left out.")] = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write one row a run (csv, json) or the leaderboards (md, latex). Superseded runs are left out.

    Examples:

      python -m bench export --format csv --out results.csv

      python -m bench export --format latex
    """
    import sys

    from bench.durable import write_atomic
    from bench.report.aggregate import counted
    from bench.report.leaderboard import boards
    from bench.report.source import stored_rows
    from bench.report.tables import csv_text, json_text, latex, markdown
    from bench.store import Store

    rows = stored_rows(Store(store))
    if format in (Format.csv, Format.json):
        text = (csv_text if format is Format.csv else json_text)(counted(rows))
    else:
        text = (markdown if format is Format.md else latex)(boards(rows))
    if out is None:
        sys.stdout.write(text)
    else:
        write_atomic(out, text.encode())
        print(f"wrote {out}")
