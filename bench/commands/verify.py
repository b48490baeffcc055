"""`bench verify`: every published number, recomputed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption

CANNOT_PROVE = (
    "not proved: that a model made these predictions, that data and times are as told, and that no run was left out "
    "before the manifest was written",
    "robustness/ and confidence/ are compared with what is written of them, not computed again",
)
"""What no folder can say of itself."""


def verify(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A folder of published reports; the store if left out.")
    ] = None,
    store: StoreOption = Path(".sentibench"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Recompute every number from predictions and samples; exit 1 if any file is damaged or any number differs.

    Of published reports also tables, page and figures, and all files against manifest.json. Test labels are compared
    between all runs of a split, and with the data where they are prepared in the store. What it cannot prove it says.

    Examples:

      python -m bench verify

      python -m bench verify reports
    """
    import dataclasses
    import json

    from bench.commands.progress import watch
    from bench.errors import NEGATIVE_VERDICT
    from bench.stores import open_store
    from bench.verify import result_folders
    from bench.verify import verify as find_problems

    checked = directory or store
    if directory is None:
        home = open_store(store)
        home.fetch(home.run_ids())
    runs = len(result_folders(checked))
    print(f"verifying {runs} runs of {checked}, then what was made of them", file=sys.stderr)
    notes: list[str] = []
    problems = find_problems(checked, watch, store, notes.append)
    if as_json:
        report = {"directory": str(checked), "runs": runs, "problems": [dataclasses.asdict(p) for p in problems]}
        report |= {"notes": notes, "not_proved": CANNOT_PROVE}
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        for line in (*notes, *CANNOT_PROVE):
            print(line, file=sys.stderr)
        for problem in problems:
            print(problem)
        verdict = f"{len(problems)} problems in" if problems else "all numbers agree in"
        print(f"{verdict} {runs} {'run' if runs == 1 else 'runs'} of {checked}")
    if problems:
        raise typer.Exit(NEGATIVE_VERDICT)
