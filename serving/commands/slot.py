"""`serving slot`: the versions of a served artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption
from serving.commands.options import AllowCode

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="A slot: versions of an artifact, and which one is served."
)
SlotArgument = Annotated[Path, typer.Argument(help="The folder of the slot.")]


@app.command()
def create(
    slot: SlotArgument,
    artifact: Annotated[str, typer.Argument(help="A run, or an artifact's hash, of the store; or a folder: ./name.")],
    allow_code: AllowCode = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Make a slot that serves an artifact; in a slot that is there, make it the next version.

    [dim]python -m serving slot create live finetune-emotions-s0-3f2a81c09b && python -m serving http ./live[/]
    """
    from bench.stores import open_store
    from serving.slot import Slot
    from serving.trust import Trust

    version = Slot.create(slot, artifact, Trust(open_store(store), allow_code))
    typer.echo(f"{slot} serves {version[:12]}")


@app.command("list")
def list_(slot: SlotArgument) -> None:
    """Every move of the pointer; the version that is served is marked."""
    from serving.slot import Slot

    opened = Slot.open(slot)
    current, history = opened.current(), opened.history()
    served = max((i for i, move in enumerate(history) if move.version == current), default=-1)
    for i, move in enumerate(history):
        typer.echo(f"{'*' if i == served else ' '} {move.time}  {move.version[:12]}  {move.why}")


@app.command()
def rollback(
    slot: SlotArgument,
    version: Annotated[str | None, typer.Argument(help="A version's hash; the one before if left out.")] = None,
    allow_code: AllowCode = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Serve an earlier version again, or any other by its hash; a server that follows the slot changes to it.

    [dim]python -m serving slot rollback live[/]
    """
    from bench.stores import open_store
    from serving.slot import Slot
    from serving.trust import Trust

    earlier = Slot.open(slot).roll_back(Trust(open_store(store), allow_code), version)
    typer.echo(f"{slot} serves {earlier[:12]}")
