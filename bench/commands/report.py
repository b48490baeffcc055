"""`bench report`: the page, tables, figures and the raw results in one folder."""

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
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw PNG files for papers, at most 20, into figures/.")
    ] = False,
) -> None:
    """Write index.html, leaderboard.md, results.csv and the raw results/ of a store; PNG figures when asked.

    Examples:

      python -m bench report

      python -m bench report --out reports --no-texts --figures
    """
    from rich.console import Console

    from bench.commands.progress import watch
    from bench.report.build import build
    from bench.stores import open_store

    screen = Console(stderr=True, highlight=False)
    built = build(open_store(store), out, texts, watch, figures)
    for warning in built.warnings:
        screen.print(f"warning: {warning}", markup=False)
    figures_too = f", {built.figures} figures" if built.figures else ""
    print(f"{built.page}: {built.runs} runs{figures_too}: {built.page.resolve().as_uri()}")
