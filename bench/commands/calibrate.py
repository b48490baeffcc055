"""`bench calibrate`: the noise floor of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.measure import Timeout
from bench.commands.options import StoreOption


def calibrate(
    run: Annotated[str, typer.Argument(help="A stored run; a quick model of the kind that is compared.")],
    timeout: Timeout = 3600.0,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Time one artifact against itself, as two models are timed: less than it differs then is no difference.

    The noise floor is stored for this machine and each thread setting, in place of an earlier one; leaderboards,
    comparisons and picks use it. Leave the machine alone meanwhile. Killed, the same command goes on.

    [dim]python -m bench calibrate linear-emotions-s0-0f25e37c88[/]
    """
    from rich.console import Console

    from bench.measure.load import BUSY
    from bench.run.calibrate import calibrate as time_against_itself
    from bench.run.execute import Executor
    from bench.run.remeasure import stored_run
    from bench.run.screen import Screen
    from bench.stats.rounds import ratio
    from bench.stores import open_store

    opened, console = open_store(store), Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    with opened.lock():
        opened.sweep()
        timed = stored_run(opened, run)
        with Screen(console, 1) as screen:
            made = time_against_itself(Executor(opened, screen, timeout=timeout), timed, screen.print_line)
    for found in made:
        against = ratio(*found.rounds_p50_ms).value
        floors = f"{100 * found.p50_floor:.1f} % of a p50, or {100 * found.throughput_floor:.1f} % of texts/s"
        busy = " Taken beside other load: calibrate again alone." if (found.other_load or 0.0) >= BUSY else ""
        console.print(
            f"{found.threads} thread(s): {against:.3f} times as long as itself; less than {floors} is no difference "
            f"on this machine.{busy}",
            soft_wrap=True,
        )
