"""`serving http`: an artifact behind HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption
from bench.errors import BenchError
from serving.commands.options import AllowCode, Artifact
from serving.http.settings import Settings

DEFAULT = Settings()


def http(
    artifact: Artifact,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for every address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Which port.", min=0, max=65535)] = 8080,
    max_batch: Annotated[int, typer.Option(help="Texts through the model at once.", min=1)] = DEFAULT.max_batch,
    max_wait_ms: Annotated[
        float, typer.Option(help="How long a batch waits for more requests, if the last one held several.", min=0)
    ] = DEFAULT.max_wait_ms,
    max_queue: Annotated[int, typer.Option(help="Texts that may wait; more get 503.", min=1)] = DEFAULT.max_queue,
    timeout: Annotated[float, typer.Option(help="Seconds that a request may wait.", min=0.01)] = DEFAULT.timeout_s,
    max_body: Annotated[int, typer.Option(help="Bytes of a request; more get 413.", min=1)] = DEFAULT.max_body_bytes,
    max_texts: Annotated[int, typer.Option(help="Texts of a request; more get 413.", min=1)] = DEFAULT.max_texts,
    rate: Annotated[float, typer.Option(help="Requests a second of one client; more get 429; 0: any.", min=0)] = 0.0,
    burst: Annotated[int, typer.Option(help="Requests that a client may send at once.", min=1)] = DEFAULT.burst,
    api_key: Annotated[
        str | None, typer.Option(envvar="SENTIBENCH_API_KEY", help="What clients must send as X-API-Key.")
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option(help="Keep the labels that POST /feedback sends in this folder.")
    ] = None,
    allow_code: AllowCode = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Answer POST /predict, /explain and SageMaker's /invocations; GET /healthz, /metrics, /model and a page at /.

    [dim]python -m serving http finetune-emotions-s0-3f2a81c09b --port 8080[/]

    [dim]curl -s localhost:8080/predict -H 'content-type: application/json' -d '{"text": "what a day"}'[/]
    """
    try:
        import uvicorn

        from serving.http.app import create_app
    except ModuleNotFoundError as error:
        raise BenchError(f"a server needs '{error.name}': pip install -r requirements-serve.txt") from None
    from bench.store import Store
    from serving.following import follow
    from serving.learn.feedback import Feedback
    from serving.trust import Trust

    settings = Settings(max_batch, max_wait_ms, max_queue, timeout, max_body, max_texts, rate, burst, api_key)
    following = follow(artifact, Trust(Store(store), allow_code))
    _check_free(host, port)
    app = create_app(following, settings, Feedback.open(feedback) if feedback else None)
    uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=30)


def _check_free(host: str, port: int) -> None:
    import socket

    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise BenchError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host") from None
