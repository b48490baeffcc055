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
Calibrated = Annotated[
    bool, typer.Option("--calibrated", help="With probabilities that `bench confidence RUN` has calibrated.")
]
LeastConfidence = Annotated[
    float | None,
    typer.Option(help="Mark answers of which the calibrated model is less sure: 'answered' is false.", min=0, max=1),
]
Sets = Annotated[
    float | None,
    typer.Option(help="Add the labels that may be true: sets that hold the true one in this share: .8, .9 or .95."),
]
