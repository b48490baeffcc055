"""`bench pull` and `bench push`: runs between stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import StoreOption

if TYPE_CHECKING:
    from bench.exchange import Copied

OTHER = "The other store: a folder, or s3://BUCKET/…, gs://… or az://…"
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
    from bench.object_store import is_url, pull_runs
    from bench.store import Store

    here, asked = Store(store), runs or ()
    copied = pull_runs(source, here, asked) if is_url(source) else copy_runs(Store(Path(source)), here, asked)
    _tell(copied, str(store))


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
    from bench.object_store import is_url, push_runs
    from bench.store import Store

    here, asked = Store(store), runs or ()
    copied = push_runs(here, target, asked) if is_url(target) else copy_runs(here, Store(Path(target)), asked)
    _tell(copied, target)


def _tell(copied: Copied, target: str) -> None:
    for run_id in copied.runs:
        print(run_id)
    print(f"{len(copied.runs)} runs and {copied.artifacts} artifacts copied to {target}; {copied.there} were there")
