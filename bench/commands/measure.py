"""`bench measure`: a leaderboard timed again, all of it in one session."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Rounds, StoreOption
from bench.errors import NOTHING_RAN, SOME_RUNS_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from bench.board.row import Row
    from bench.run.remeasure import StoredRun
    from bench.store import Store

Timeout = Annotated[float, typer.Option(help="Seconds that one round of one model may take.", min=1)]


def measure(
    dataset: Annotated[str | None, typer.Option("-d", "--dataset", help="Only the models of this data set.")] = None,
    runs: Annotated[
        list[str] | None, typer.Option(help="Only these runs, what they were made of and what was made of them.")
    ] = None,
    rounds: Rounds = None,
    timeout: Timeout = 3600.0,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Time stored models again, all in one session: parents beside their children. Leave the machine alone meanwhile.

    Of each model the run of the lowest seed is timed. Ten rounds at one thread and ten at all cores, each in a fresh
    process, take about one to two minutes a model. Killed, the same command goes on: whole rounds stay.

    [dim]python -m bench measure -d emotions[/]

    [dim]python -m bench measure[/]

    [dim]python -m bench measure --runs finetune-emotions-s0-3f2a81c09b[/]
    """
    from rich.console import Console

    from bench.board.aggregate import boards, chosen
    from bench.board.contestants import families_of, one_of_each_line
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows
    from bench.stores import open_store

    opened, console = open_store(store), Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    with opened.lock():
        opened.sweep()
        stored = stored_rows(opened)
        found = chosen(boards(stored, Predictions(opened, stored)), dataset)

        def in_store(row: Row) -> bool:
            return opened.has_artifact(row.artifact or "none")

        rows, left_out = families_of(runs, found, in_store) if runs else one_of_each_line(found, in_store)
        for name in left_out:
            console.print(f"left out {name}: its artifact is not in the store", markup=False, soft_wrap=True)
        raise typer.Exit(_measure(opened, rows, timeout, rounds, console))


def _measure(store: Store, rows: list[Row], timeout: float, rounds: int | None, console: Console) -> int:
    from bench.run.execute import Executor
    from bench.run.rounds import measure_all
    from bench.run.screen import Screen

    runs = _timeable(store, rows, console)
    if not runs:
        console.print("nothing to time")
        return NOTHING_RAN
    console.print(f"Timing {len(runs)} models, one process at a time; leave the machine alone meanwhile.")
    with Screen(console, len(runs)) as screen:
        results = measure_all(Executor(store, screen, timeout=timeout, rounds=rounds), runs, screen.print_line)
    return SOME_RUNS_FAILED if any(result.outcome.status != "ok" for result in results) else 0


def _timeable(store: Store, rows: list[Row], console: Console) -> list[StoredRun]:
    """The runs that can be timed; of the others a line says why not."""
    from bench.errors import BenchError
    from bench.run.remeasure import stored_run

    runs = []
    for row in rows:
        try:
            runs.append(stored_run(store, row.run_id))
        except BenchError as error:
            console.print(f"left out {error}", markup=False, soft_wrap=True)
    return sorted(runs, key=lambda run: run.prepared.folder)
