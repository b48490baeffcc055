"""`serving predict`: score a file, or standard input; or many files on Ray."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.file_options import reads_texts
from bench.commands.options import RayAddress, StoreOption
from bench.errors import NOTHING_RAN, SOME_RUNS_FAILED, BenchError
from serving.commands.options import AllowCode, Artifact, Calibrated, LeastConfidence, Sets

if TYPE_CHECKING:
    from bench.data import Reading
    from serving.batch import Job
    from serving.model import Model
    from serving.ray_data import Request, ServedModel


class Engine(StrEnum):
    """What carries out the scoring."""

    local = "local"
    ray = "ray"


Workers = Annotated[
    int | None, typer.Option(help="On Ray: processes, each with a core and the model; as many as cores.", min=1)
]


@reads_texts
def predict(
    artifact: Artifact,
    source: Annotated[
        str | None,
        typer.Option("--input", "-i", help="CSV, JSON, Parquet, Excel, text, …; else standard input."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--output", "-o", help="CSV, JSONL or Parquet; standard output if left out.")
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
    engine: Annotated[
        Engine, typer.Option(help="ray: many files (a folder, a pattern, a URL) side by side, into a folder or URL.")
    ] = Engine.local,
    workers: Workers = None,
    ray_address: RayAddress = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Score every text; columns and order stay, bad rows get a problem, the same command again resumes.

    Columns, separator and header are as in the data set that the model was trained on, where nothing else is said. Exit
    code 1: no row could be scored.

    [dim]python -m serving predict finetune-emotions-s0-3f2a81c09b -i tweets.csv -o scored.parquet[/]

    [dim]cat tweets.txt | python -m serving predict ./my-artifact > scored.jsonl[/]

    [dim]python -m serving predict ./my-artifact --engine ray -i 's3://tweets/2026/*.parquet' -o s3://tweets/scored[/]
    """
    from serving.answering import Answering

    answering = Answering.of(calibrated, least_confidence, sets)
    if engine is Engine.ray:
        from serving.ray_data import Request, ServedModel

        if source is None or target is None:
            raise BenchError("--engine ray: give --input, a folder, pattern or URL, and --output, a folder or URL")
        request = Request(source, target, kind, output_kind, reading, overwrite, answering)
        _score_many(request, ServedModel(artifact, store.absolute(), allow_code), workers, ray_address)
        return
    if workers is not None or ray_address is not None:
        raise BenchError("--workers and --ray-address are used with --engine ray alone")
    from bench.stores import open_store
    from serving.batch import Job
    from serving.live_model import served
    from serving.trust import Trust

    read, written = (None if text is None else Path(text) for text in (source, target))
    job = Job(read, written, kind, output_kind, reading, overwrite, answering)
    _score_one(job, served(artifact, Trust(open_store(store), allow_code), answering.calibrated))


def _score_one(job: Job, model: Model) -> None:
    from serving.batch import score
    from serving.collector import freeze_loaded
    from serving.screen import bar

    freeze_loaded()
    started = time.monotonic()
    with bar(job.source) as progress:
        count = score(job, model, progress)
    speed = (count.rows - count.resumed) / max(time.monotonic() - started, 1e-9)
    resumed = f", {count.resumed:,} of them before" if count.resumed else ""
    bad = f"; {count.bad:,} bad rows: see the column 'problem'" if count.bad else ""
    where = f" → {job.target}" if job.target else ""
    if count.said:
        print(f"note: {count.said}", file=sys.stderr)
    print(f"{count.rows:,} rows{resumed}, {speed:,.0f} a second{bad}{where}", file=sys.stderr)
    if count.bad == count.rows > 0:
        raise typer.Exit(1)


def _score_many(request: Request, model: ServedModel, workers: int | None, address: str | None) -> None:
    """A line a file; exit codes 3 and 4 where some, or all, could not be scored."""
    from serving.ray_data import score_files

    started, number, rows, bad, failed, now = time.monotonic(), 0, 0, 0, 0, 0
    for number, (total, scored) in enumerate(score_files(request, model, workers, address), start=1):
        rows, bad, failed = rows + scored.rows, bad + scored.bad, failed + (scored.problem is not None)
        now += 0 if scored.before else scored.rows
        told = scored.problem or f"{scored.rows:,} rows" + (" before" if scored.before else "")
        print(f"{'✗' if scored.problem else '✓'} {number}/{total} {scored.name}: {told}", file=sys.stderr)
    speed = now / max(time.monotonic() - started, 1e-9)
    told = f"; {bad:,} bad rows: see the column 'problem'" if bad else ""
    told += f"; {failed} of {number} files could not be scored" if failed else ""
    print(f"{rows:,} rows of {number - failed} files, {speed:,.0f} a second{told} → {request.target}", file=sys.stderr)
    if failed:
        raise typer.Exit(NOTHING_RAN if failed == number else SOME_RUNS_FAILED)
    if bad == rows > 0:
        raise typer.Exit(1)
