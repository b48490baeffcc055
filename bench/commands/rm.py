"""`bench rm`: runs go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


def rm(
    runs: Annotated[list[str] | None, typer.Argument(help="Run ids.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Runs that did not end well.")] = False,
    smoke: Annotated[bool, typer.Option("--smoke", help="Runs on a few rows.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; without it what would go is listed.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Remove runs, and the artifacts that no other run needs. A run that another was made of stays while that one does.

    Examples:

      python -m bench rm linear-emotions-s0-3f2a81c09b --yes

      python -m bench rm --failed --smoke
    """
    from bench import removal
    from bench.errors import BenchError
    from bench.stores import open_store

    home = open_store(store)
    if not (runs or failed or smoke):
        raise BenchError("name runs (`python -m bench list runs`), or give --failed or --smoke")
    with home.lock():
        results = list(home.read_all()) if failed or smoke else []
        chosen = set(runs or [])
        chosen |= set(removal.failed(results) if failed else ()) | set(removal.smoke(results) if smoke else ())
        if not chosen:
            print(f"nothing to remove in {home.place}")
            return
        planned = removal.plan(home, chosen)
        for run_id in planned.runs:
            print(run_id)
        what = f"{len(planned.runs)} run(s) and {len(planned.artifacts)} artifact(s), {planned.bytes / 1e6:.1f} MB"
        if not yes:
            print(f"would remove {what}; give --yes to do it")
            raise typer.Exit(1)
        removal.carry_out(home, planned)
        print(f"removed {what}")
