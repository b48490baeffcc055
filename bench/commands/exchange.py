"""`bench pull` and `bench push`: runs between stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import StoreOption

if TYPE_CHECKING:
    from bench.exchange import Copied

Runs = Annotated[list[str] | None, typer.Argument(help="Run ids; all where none is given.")]


def pull(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The folder of the other store.")],
    runs: Runs = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Copy runs, and their artifacts, from another store into this one; nothing is replaced.

    [dim]python -m bench pull /shared/store[/]
    """
    from bench.exchange import copy_runs
    from bench.store import Store

    _tell(copy_runs(Store(source), Store(store), runs or ()), store)


def push(
    target: Annotated[Path, typer.Argument(metavar="TO", help="The folder of the other store.")],
    runs: Runs = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Copy runs, and their artifacts, from this store into another one; nothing is replaced.

    [dim]python -m bench push /shared/store linear-emotions-s0-3f2a81c09b[/]
    """
    from bench.exchange import copy_runs
    from bench.store import Store

    _tell(copy_runs(Store(store), Store(target), runs or ()), target)


def _tell(copied: Copied, target: Path) -> None:
    for run_id in copied.runs:
        print(run_id)
    print(f"{len(copied.runs)} runs and {copied.artifacts} artifacts copied to {target}; {copied.there} were there")
