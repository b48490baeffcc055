"""`bench report`: HTML, PNG, CSV and the raw results in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


def report(
    store: StoreOption = Path(".sentibench"),
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("reports"),
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="Show texts of the data sets; leave them out to publish.")
    ] = True,
) -> None:
    """Write report.html, leaderboard.md, results.csv, figures/ and the raw results/ of a store.

    Examples:

      python -m bench report

      python -m bench report --out reports --no-texts
    """
    from rich.console import Console

    from bench.commands.progress import watch
    from bench.report.build import build
    from bench.store import Store

    screen = Console(stderr=True, highlight=False)
    built = build(Store(store), out, texts, watch)
    for warning in built.warnings:
        screen.print(f"warning: {warning}", markup=False)
    print(f"{built.page}: {built.runs} runs, {built.figures} figures")
