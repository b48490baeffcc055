"""`bench verify`: every published number, recomputed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


def verify(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A folder of published reports; the store if left out.")
    ] = None,
    store: StoreOption = Path(".sentibench"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Recompute every number from predictions and samples; exit 1 if any file is damaged or any number differs.

    Test labels are compared between all runs of a split, and with the data where they are prepared in the store.

    Examples:

      python -m bench verify

      python -m bench verify reports
    """
    import dataclasses
    import json
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.progress import track

    from bench.errors import NEGATIVE_VERDICT
    from bench.verify import result_folders
    from bench.verify import verify as find_problems

    checked = directory or store
    screen = Console(stderr=True)

    def watch(folders: Sequence[Path]) -> Iterable[Path]:
        return track(folders, "verifying", console=screen, transient=True)

    notes: list[str] = []
    problems = find_problems(checked, watch, store, notes.append)
    runs = len(result_folders(checked))
    if as_json:
        report = {"directory": str(checked), "runs": runs, "problems": [dataclasses.asdict(p) for p in problems]}
        report |= {"notes": notes}
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        for line in notes:
            print(line, file=sys.stderr)
        for problem in problems:
            print(problem)
        verdict = f"{len(problems)} problems in" if problems else "all numbers agree in"
        print(f"{verdict} {runs} {'run' if runs == 1 else 'runs'} of {checked}")
    if problems:
        raise typer.Exit(NEGATIVE_VERDICT)
