"""`serving learn`: update a slot from feedback, in a process beside the server."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.api import BenchError
from bench.commands.file_options import reads_file
from bench.commands.options import DataDir, StoreOption

if TYPE_CHECKING:
    from bench.data import Reading
    from bench.store import Store
    from serving.learn.gather import Plan
    from serving.learn.ledger import Decision
    from serving.slot import Slot

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@reads_file
def learn(
    slot: Annotated[Path, typer.Argument(help="The folder of the slot: python -m serving slot create.")],
    feedback: Annotated[
        list[Path] | None, typer.Option(help="The folder of a server's --feedback, or a file; may be given often.")
    ] = None,
    weak_emoticons: Annotated[
        Path | None, typer.Option(help="Unlabelled posts whose emoticons are weak labels; any file with a text.")
    ] = None,
    every: Annotated[str | None, typer.Option(help="Update again and again: 30s, 10m, 6h, 1d.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One update; so it is without --every.")] = False,
    min_feedback: Annotated[int, typer.Option(help="New rows that an update waits for.", min=1)] = 32,
    replay: Annotated[
        float, typer.Option(help="The share of an update's rows that is of earlier ones.", min=0.0, max=0.99)
    ] = 0.8,
    recipe: Annotated[
        str, typer.Option(help="Adapters and training, by the parameters of `lora`.")
    ] = "lora[r=4,alpha=32,lora_dropout=0.01,epochs=3]",
    validation: Annotated[
        Path | None, typer.Option(help="What candidates are judged by; the data set's validation split if left out.")
    ] = None,
    margin: Annotated[float, typer.Option(help="Points of accuracy that a candidate might lose.", min=0)] = 0.5,
    dataset: Annotated[
        str | None, typer.Option("-d", "--dataset", help="The training data; what the artifact names if left out.")
    ] = None,
    feedback_text_column: Annotated[
        str | None, typer.Option(help="The column of the texts in feedback; as in the training data if left out.")
    ] = None,
    feedback_label_column: Annotated[
        str | None, typer.Option(help="The column of the labels in feedback, likewise.")
    ] = None,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Learn from labelled feedback and serve what is no worse; exit code 1 where the one update is refused.

    [dim]python -m serving learn live --feedback feedback --once[/]

    [dim]python -m serving learn live --feedback feedback --feedback more.csv --every 10m --min-feedback 100[/]
    """
    from bench.data import DatasetRef
    from bench.stores import open_store
    from serving.learn.gather import Plan
    from serving.slot import Slot

    _check(both=once and bool(every), something=bool(feedback or weak_emoticons))
    opened = Slot.open(slot)
    plan = Plan(
        tuple(feedback or ()), weak_emoticons, validation,
        DatasetRef(dataset, reading, data_dir) if dataset else None, data_dir, recipe, replay, min_feedback,
        margin / 100, _reading(feedback_text_column, feedback_label_column),
    )  # fmt: skip
    os.nice(10)  # the server beside it goes first
    if every is None:
        decision = _update(opened, open_store(store), plan)
        raise typer.Exit(1 if decision and decision.verdict == "refused" else 0)
    _repeat(opened, open_store(store), plan, _seconds(every))


def _check(both: bool, something: bool) -> None:
    if both:
        raise BenchError("--once and --every exclude each other")
    if not something:
        raise BenchError("nothing to learn from: give --feedback, or --weak-emoticons")


def _reading(text_column: str | None, label_column: str | None) -> Reading:
    """Of feedback; what is not set is as in the training data."""
    from bench.data import Reading

    own = {"text_column": text_column, "label_column": label_column}
    return Reading(**{name: value for name, value in own.items() if value is not None})


def _update(slot: Slot, store: Store, plan: Plan) -> Decision | None:
    from serving.learn.update import run_update

    decision = run_update(slot, store, plan, typer.echo)
    if decision is not None:
        gain = decision.on_held_out_feedback
        held_out = f"; on {gain.texts} held-out rows {100 * gain.difference:+.1f} points" if gain else ""
        typer.echo(f"{decision.candidate[:12]} {decision.verdict}: {decision.reason}{held_out}")
    return decision


def _repeat(slot: Slot, store: Store, plan: Plan, seconds: float) -> None:
    """The first update's errors end it; later ones are reported, and may pass."""
    _update(slot, store, plan)
    while True:
        time.sleep(seconds)
        try:
            _update(slot, store, plan)
        except BenchError as error:
            typer.echo(f"error: {error}", err=True)


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None or not int(match[1]):
        raise BenchError(f"--every {text}: give a number and a unit: 30s, 10m, 6h, 1d")
    return int(match[1]) * SECONDS[match[2]]
