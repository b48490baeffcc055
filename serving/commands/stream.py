"""`serving stream`: a live or recorded stream of posts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.api import BenchError, did_you_mean
from bench.commands.options import StoreOption
from bench.requirements import install_command
from serving.commands.options import AllowCode, Artifact

if TYPE_CHECKING:
    from serving.stream.sources import Source

SOURCES = ("x", "file", "stdin", "tcp")
API_URL = "https://api.twitter.com"


def stream(
    artifact: Artifact,
    output: Annotated[Path, typer.Option("--output", "-o", help="JSONL, a folder of Parquet parts, or SQLite.")],
    source: Annotated[str, typer.Option(help="x, file, stdin or tcp.")] = "x",
    query: Annotated[list[str] | None, typer.Option(help="x: a rule of the filtered stream; may be repeated.")] = None,
    backfill: Annotated[int, typer.Option(help="x: minutes to ask for again after a disconnection.", min=0, max=5)] = 0,
    path: Annotated[Path | None, typer.Option("--input", "-i", help="file: a recorded stream, JSON lines.")] = None,
    listen: Annotated[str | None, typer.Option(help="tcp: HOST:PORT to listen on.")] = None,
    connect: Annotated[str | None, typer.Option(help="tcp: HOST:PORT to connect to.")] = None,
    rate: Annotated[float, typer.Option(help="file, stdin, tcp: posts a second; 0: as fast as can be.", min=0)] = 0.0,
    output_kind: Annotated[
        str | None, typer.Option("--output-format", help="jsonl, parquet or sqlite, where the name does not show it.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="The key of the texts.")] = "text",
    max_batch: Annotated[int, typer.Option(help="Posts through the model at once.", min=1)] = 256,
    max_wait_ms: Annotated[float, typer.Option(help="How long a batch waits for more posts.", min=0)] = 100.0,
    queue: Annotated[int, typer.Option(help="Posts that may wait; then the source has to.", min=1)] = 10_000,
    flush_s: Annotated[float | None, typer.Option(help="Seconds between two writes; 1, of Parquet 60.", min=0)] = None,
    reference: Annotated[
        Path | None, typer.Option(help="What `serving predict` wrote: what drift is measured against.")
    ] = None,
    log_every: Annotated[float, typer.Option(help="Seconds between two log lines.", min=0.1)] = 10.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No view and no log lines.")] = False,
    api_url: Annotated[str, typer.Option(help="x: where the API is.")] = API_URL,
    allow_code: AllowCode = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Classify a stream of posts as they come; each id is written once, and the same command again goes on.

    [dim]X_BEARER_TOKEN=… python -m serving stream finetune-emotions-s0-3f2a81c09b --query "covid" -o covid.sqlite[/]

    [dim]python -m serving stream ./my-artifact --source file -i recorded.jsonl --rate 50 -o scored.jsonl[/]
    """
    from bench.stores import open_store
    from serving.live_model import follow
    from serving.stream.consume import Settings
    from serving.stream.monitor import log
    from serving.stream.outputs import find_output
    from serving.stream.run import Job, stream
    from serving.trust import Trust

    where, kind = find_output(output, output_kind)
    posts = _source(source, query or [], api_url, backfill, path, listen, connect, rate)
    live = follow(artifact, Trust(open_store(store), allow_code), lambda swap: log(swap.summary()))
    settings = Settings(max_batch, max_wait_ms, flush_s, text_column)
    job = Job(where, kind, reference, queue, log_every, quiet, settings)
    stream(job, posts, live.current, open_store(store))


def _source(
    name: str, queries: list[str], api_url: str, backfill: int, path: Path | None, listen: str | None,
    connect: str | None, rate: float,
) -> Source:  # fmt: skip
    """The source that the options describe; what they lack is a `BenchError`."""
    from serving.stream.monitor import log
    from serving.stream.sources import FileSource, StdinSource, TcpSource

    if name not in SOURCES:
        raise BenchError(f"unknown source '{name}': {did_you_mean(name, SOURCES)}")
    scale = float(os.environ.get("SENTIBENCH_TIME_SCALE", "1"))  # for tests: how long a minute of the network is
    if name == "x":
        return _x(queries, api_url, backfill, scale)
    if name == "stdin":
        return StdinSource(rate)
    if name == "file":
        if path is None:
            raise BenchError("--source file needs --input")
        return FileSource(path, rate)
    if (listen is None) == (connect is None):
        raise BenchError("--source tcp needs --listen or --connect")
    return TcpSource(listen or connect or "", listen is not None, rate, scale, log)


def _x(queries: list[str], api_url: str, backfill: int, scale: float) -> Source:
    from serving.stream.monitor import log

    token = os.environ.get("X_BEARER_TOKEN")
    if not token:
        raise BenchError("X needs a bearer token: put it in the environment as X_BEARER_TOKEN")
    try:
        from serving.stream.x import XSettings, XSource
    except ModuleNotFoundError as error:
        raise BenchError(f"X needs '{error.name}': {install_command('tweepy')}") from None
    return XSource(XSettings(token, queries, api_url, backfill, scale), log)
