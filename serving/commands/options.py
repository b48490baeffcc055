"""Options that several commands of `serving` take, written once."""

from __future__ import annotations

from typing import Annotated

import typer

Artifact = Annotated[
    str,
    typer.Argument(help="A run, or an artifact's hash, of the store; or the folder of an artifact or a slot: ./name."),
]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code",
        help="Load compiled code (model.pt2) that was not made in this store: it can do whatever you can.",
    ),
]
