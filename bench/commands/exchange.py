"""`bench pull` and `bench push`: runs between stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import StoreOption

if TYPE_CHECKING:
    from bench.exchange import Copied

OTHER = "The other store: a folder, s3://BUCKET/…, gs://…, az://… or postgresql://…"
Runs = Annotated[list[str] | None, typer.Argument(help="Run ids; all where none is given.")]


def pull(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"{OTHER}.")],
    runs: Runs = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Copy runs, and their artifacts, from another store into this one; nothing is replaced.

    [dim]python -m bench pull /shared/store[/]

    [dim]python -m bench pull s3://team/store linear-emotions-s0-3f2a81c09b[/]
    """
    from bench.exchange import copy_runs
    from bench.stores import open_store

    here = open_store(store)
    _tell(copy_runs(open_store(source), here, runs or ()), here.place)


def push(
    target: Annotated[str, typer.Argument(metavar="TO", help=f"{OTHER}.")],
    runs: Runs = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Copy runs, and their artifacts, from this store into another one; nothing is replaced.

    [dim]python -m bench push /shared/store linear-emotions-s0-3f2a81c09b[/]

    [dim]python -m bench push s3://team/store[/]
    """
    from bench.exchange import copy_runs
    from bench.stores import open_store

    _tell(copy_runs(open_store(store), open_store(target), runs or ()), target)


def _tell(copied: Copied, target: str) -> None:
    for run_id in copied.runs:
        print(run_id)
    print(f"{len(copied.runs)} runs and {copied.artifacts} artifacts copied to {target}; {copied.there} were there")
