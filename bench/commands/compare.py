"""`bench compare`: the leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


def compare(
    store: StoreOption = Path(".sentibench"),
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help="Only this data set.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print the leaderboard of each data set: means over seeds, ties, sizes and times.

    Of many models the best are shown; with --dataset, all.

    Examples:

      python -m bench compare

      python -m bench compare --dataset emotions

      python -m bench compare --json
    """
    import json

    from rich.console import Console

    from bench.report.leaderboard import boards
    from bench.report.source import chosen, stored_rows
    from bench.report.tables import board_document
    from bench.report.terminal import print_boards
    from bench.store import Store

    found = chosen(boards(stored_rows(Store(store))), dataset)
    if as_json:
        print(json.dumps([board_document(board) for board in found], indent=1, ensure_ascii=False, allow_nan=False))
        return
    print_boards(found, Console(highlight=False))
