"""`serving http`: an artifact behind HTTP."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.api import BenchError
from bench.commands.options import StoreOption
from bench.requirements import install_command
from serving.answering import Answering
from serving.commands.options import AllowCode, Calibrated, LeastConfidence, Sets
from serving.http.settings import Settings

if TYPE_CHECKING:
    from serving.live_model import LiveModel
    from serving.trust import Trust

DEFAULT = Settings()
KEY = "SENTIBENCH_API_KEY"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")
"""A model's name, which stands in paths."""


Artifacts = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAME=]ARTIFACT",
        help="A run, or an artifact's hash, of the store, or the folder of an artifact or a slot: ./name. Several "
        "answer by their names, which are recipe and data set (finetune-emotions) where none are given.",
    ),
]


def http(
    artifacts: Artifacts,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for every address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Which port.", min=0, max=65535)] = 8080,
    max_batch: Annotated[int, typer.Option(help="Texts through the model at once.", min=1)] = DEFAULT.max_batch,
    max_wait_ms: Annotated[
        float, typer.Option(help="How long a batch waits for more requests, if the last one held several.", min=0)
    ] = DEFAULT.max_wait_ms,
    max_queue: Annotated[int, typer.Option(help="Texts that may wait; more get 503.", min=1)] = DEFAULT.max_queue,
    timeout: Annotated[
        float, typer.Option(help="Seconds for a request's headers, for its body, for its answer.", min=0.01)
    ] = DEFAULT.timeout_s,
    max_body: Annotated[int, typer.Option(help="Bytes of a request; more get 413.", min=1)] = DEFAULT.max_body_bytes,
    max_texts: Annotated[int, typer.Option(help="Texts of a request; more get 413.", min=1)] = DEFAULT.max_texts,
    max_connections: Annotated[
        int, typer.Option(help="At once; above that the one that is idle longest is closed.", min=1)
    ] = DEFAULT.max_connections,
    rate: Annotated[float, typer.Option(help="Texts a second of one client; more get 429; 0: any.", min=0)] = 0.0,
    burst: Annotated[int, typer.Option(help="Texts that a client may send at once.", min=1)] = DEFAULT.burst,
    api_key: Annotated[str | None, typer.Option(envvar=KEY, help="What clients must send as X-API-Key.")] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name by which clients reach this server; may be repeated.")
    ] = None,
    forwarded_allow_ips: Annotated[
        str | None, typer.Option(help="Proxies whose X-Forwarded-For counts: addresses, networks, with commas.")
    ] = None,
    feedback: Annotated[
        Path | None,
        typer.Option(
            help="Store the labels that POST /feedback sends in this folder; of several models, one in it each."
        ),
    ] = None,
    calibrated: Calibrated = False,
    least_confidence: LeastConfidence = None,
    sets: Sets = None,
    allow_code: AllowCode = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Answer POST /predict, /explain and SageMaker's /invocations; GET /healthz, /metrics, /model and a page at /.

    [dim]python -m serving http finetune-emotions-s0-3f2a81c09b --port 8080[/]

    [dim]python -m serving http emotions=finetune-emotions-s0-3f2a81c09b reviews=./my-artifact[/]

    [dim]curl -s localhost:8080/predict -H 'content-type: application/json' -d '{"text": "what a day"}'[/]
    """
    from serving.http.listening import allow_files, check_key, check_proxies, names

    key = check_key(os.environ.get(KEY) if api_key is None else api_key)  # an empty variable is no option to click
    proxies = check_proxies(forwarded_allow_ips)
    settings = Settings(
        max_batch, max_wait_ms, max_queue, timeout, max_body, max_texts, max_connections, rate, burst, key,
        names(host, allowed_host or []), Answering.of(calibrated, least_confidence, sets),
    )  # fmt: skip
    allow_files(max_connections)
    _serve(artifacts, host, port, settings, proxies, feedback, allow_code, store)


def _serve(
    artifacts: Sequence[str],
    host: str,
    port: int,
    settings: Settings,
    proxies: list[str] | str,
    feedback: Path | None,
    allow_code: bool,
    store: Path,
) -> None:
    try:
        import uvicorn

        from serving.http.app import create_app
        from serving.http.protocol import BoundedProtocol, Connections
    except ModuleNotFoundError as error:
        raise BenchError(f"a server needs '{error.name}': {install_command('fastapi')}") from None
    from bench.stores import open_store
    from serving.http.listening import check_free, is_loopback
    from serving.learn.feedback import Feedback
    from serving.trust import Trust

    live = _followed(artifacts, Trust(open_store(store), allow_code), settings.answering.calibrated)
    check_free(host, port)
    if settings.api_key is None and not is_loopback(host):
        print(
            f"warning: every client that reaches {host}:{port} can use the model: --api-key requires a key",
            file=sys.stderr,
        )
    folders = {name: feedback / name if feedback and len(live) > 1 else feedback for name in live}
    kept = {name: Feedback.open(folder) for name, folder in folders.items() if folder}
    app = create_app(live, settings, kept or None)
    protocol = partial(BoundedProtocol, Connections(settings, app.refused))
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{port}/ has a page to try, /docs the interface; Ctrl-C stops", file=sys.stderr)
    # one worker: all requests meet in one queue, where they become batches, and the model is loaded once
    uvicorn.run(
        app, host=host, port=port, http=protocol,  # type: ignore[arg-type]  # it is called, as a class would be
        ws="none", workers=1, proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies, access_log=False, log_level="warning", timeout_graceful_shutdown=30,
    )  # fmt: skip


def _followed(artifacts: Sequence[str], trust: Trust, calibrated: bool) -> dict[str, LiveModel]:
    """`NAME=ARTIFACT`, or `ARTIFACT` alone, as models by name; a `BenchError` where two have one name."""
    from serving.http.open_inference import model_name
    from serving.live_model import follow
    from serving.model import is_path

    live: dict[str, LiveModel] = {}
    for given in artifacts:
        name, named, artifact = given.partition("=")
        if not named or is_path(name):
            name, artifact = "", given
        elif not NAME.fullmatch(name):
            raise BenchError(f"{given}: a model's name has letters, digits, '.', '_' and '-' alone: NAME=ARTIFACT")
        model = follow(artifact, trust, calibrated=calibrated)
        name = name or model_name(model.current().card)
        if name in live:
            raise BenchError(f"two models are called '{name}': give each a name of its own, NAME={artifact}")
        live[name] = model
    return live
