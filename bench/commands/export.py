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
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write one row a run (csv, json) or the leaderboards (md, latex). Superseded runs are left out.

    Examples:

      python -m bench export --format csv --out results.csv --overwrite

      python -m bench export --format latex
    """
    import sys

    from bench.board.aggregate import boards
    from bench.board.predictions import Predictions
    from bench.board.rows import counted, stored_rows
    from bench.board.table import csv_text, json_text
    from bench.noise_floor import read_noise_floors
    from bench.output import write_output
    from bench.report.tables import latex, markdown
    from bench.stores import open_store

    home = open_store(store)
    rows = stored_rows(home)
    if format in (Format.csv, Format.json):
        text = (csv_text if format is Format.csv else json_text)(counted(rows))
    else:
        leaderboards = boards(rows, Predictions(home, rows), read_noise_floors(store))
        text = (markdown if format is Format.md else latex)(leaderboards)
    if out is None:
        sys.stdout.write(text)
    else:
        write_output(out, text.encode(), overwrite)
        print(f"wrote {out}")
