"""`serving predict`: score a file, or standard input."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.file_options import reads_texts
from bench.commands.options import StoreOption
from serving.commands.options import AllowCode, Artifact, Calibrated, LeastConfidence, Sets

if TYPE_CHECKING:
    from bench.data import Reading


@reads_texts
def predict(
    artifact: Artifact,
    source: Annotated[
        Path | None,
        typer.Option("--input", "-i", help="CSV, JSON, Parquet, Excel, text, …; else standard input."),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV, JSONL or Parquet; standard output if left out.")
    ] = None,
    *,
    reading: Reading,
    kind: Annotated[str | None, typer.Option("--format", help="Of the input, where its name does not show it.")] = None,
    output_kind: Annotated[
        str | None, typer.Option("--output-format", help="Of the output, where its name does not show it.")
    ] = None,
    calibrated: Calibrated = False,
    least_confidence: LeastConfidence = None,
    sets: Sets = None,
    allow_code: AllowCode = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output file that is there.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Score every text; columns and order stay, bad rows get a problem, the same command again resumes.

    Columns, separator and header are as in the data set that the model was trained on, where nothing else is said. Exit
    code 1: no row could be scored.

    [dim]python -m serving predict finetune-emotions-s0-3f2a81c09b -i tweets.csv -o scored.parquet[/]

    [dim]cat tweets.txt | python -m serving predict ./my-artifact > scored.jsonl[/]
    """
    from bench.store import Store
    from serving.answering import Answering
    from serving.batch import Job, score
    from serving.live_model import served
    from serving.screen import bar
    from serving.trust import Trust

    answering = Answering.of(calibrated, least_confidence, sets)
    model = served(artifact, Trust(Store(store), allow_code), answering.calibrated)
    started = time.monotonic()
    with bar(source) as progress:
        count = score(Job(source, target, kind, output_kind, reading, overwrite, answering), model, progress)
    speed = (count.rows - count.resumed) / max(time.monotonic() - started, 1e-9)
    resumed = f", {count.resumed:,} of them before" if count.resumed else ""
    bad = f"; {count.bad:,} bad rows: see the column 'problem'" if count.bad else ""
    where = f" → {target}" if target else ""
    if count.said:
        print(f"note: {count.said}", file=sys.stderr)
    print(f"{count.rows:,} rows{resumed}, {speed:,.0f} a second{bad}{where}", file=sys.stderr)
    if count.bad == count.rows > 0:
        raise typer.Exit(1)
