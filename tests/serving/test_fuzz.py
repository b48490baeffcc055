"""Whatever a client may send, by the interface's own document and against it: no 5xx, every answer as documented."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.python import asgi

from bench.store import Store
from serving.http.app import create_app
from serving.http.settings import Settings
from serving.learn.feedback import Feedback
from serving.live_model import follow
from serving.trust import Trust
from tests.conftest import RECIPES
from tests.serving.conftest import Trained
from tests.serving.server import running

CONFIG = {
    "seed": 20,
    "generation": {"max-examples": 100, "deterministic": True},
    "phases": {"stateful": {"enabled": False}},
    "continue-on-failure": True,
}
BY_SCHEMA = ("positive_data_acceptance", "negative_data_rejection")
"""The checks that take what a schema allows for valid, and the rest for invalid."""


@schemathesis.serializer("application/jsonlines", "text/csv")
def _as_it_is(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def interface(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
        following = follow(str(trained.artifact), Trust(Store(trained.folder / "store")))
        kept = Feedback.open(tmp_path_factory.mktemp("feedback"))
        app = create_app({"toy": following}, Settings(), {"toy": kept})
    yield schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    asgi.shutdown_lifespans()


def test_every_answer_is_as_documented(interface: Any) -> None:
    wrong, cases = set(), dict[str, int]()
    for event in from_schema(interface).execute():
        assert not isinstance(event, NonFatalError | FatalError), event
        if isinstance(event, ScenarioFinished):
            recorder = event.recorder
            cases[recorder.label] = cases.get(recorder.label, 0) + len(recorder.cases)
            wrong |= set(_failures(recorder))
    assert not wrong, "\n\n".join(sorted(wrong))
    assert min(cases[f"POST {path}"] for path in ("/predict", "/explain", "/invocations", "/feedback")) > 100, cases
    assert {f"GET {path}" for path in ("/healthz", "/ping", "/metrics", "/model")} <= cases.keys()


def _failures(recorder: Any) -> Iterator[str]:
    for identity, checks in recorder.checks.items():
        kind = recorder.cases[identity].value.media_type
        for check in checks:
            # what is wrong with CSV or JSON lines no schema can say: on the wire they are strings; nor that a shape is
            # that of its data
            unsaid = kind in ("text/csv", "application/jsonlines") or recorder.label.endswith("/infer")
            if check.failure_info and not (check.name in BY_SCHEMA and unsaid):
                yield f"{recorder.label} {check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"


@pytest.fixture(scope="module")
def client(trained: Trained) -> Iterator[httpx.Client]:
    with running(trained) as (client, _):
        yield client


NESTED = b"[" * 100_000
ODD: list[tuple[str, dict[str, str], bytes, int]] = [
    ("/predict", {}, b'{"text": "\xff"}', 400),
    ("/predict", {}, b'{"text": ' + NESTED, 400),
    ("/predict", {}, b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400),
    ("/predict", {}, b'{"text": ' + b"[" * 900 + b"]" * 900 + b"}", 422),
    ("/predict", {}, b'{"text": ' + b"9" * 5_000 + b"}", 400),
    ("/predict", {}, b'{"text": 1e400}', 422),
    ("/predict", {}, b'{"text": NaN}', 422),
    ("/predict", {}, b'{"text": "a", "more": [NaN, -Infinity]}', 422),
    ("/predict", {}, b'{"text": 3, "more": "\\ud800"}', 422),
    ("/predict", {}, b'{"text": "a", "\\ud800": 1}', 422),
    ("/predict", {}, b'{"text": null}', 422),
    ("/predict", {}, b'{"text": "a", "text": "b"}', 200),
    ("/predict", {}, json.dumps({"texts": [3] * 500}).encode(), 422),
    ("/predict", {}, b"", 422),
    ("/predict", {"content-type": "application/json; charset=latin-1"}, b'{"text": "\xe9"}', 400),
    ("/predict", {}, b"no json", 422),
    ("/predict", {}, b'{"text": 3}', 422),
    ("/predict", {}, b'{"text": "a", "texts": []}', 422),
    ("/predict", {}, b'{"texts": ["a"], "more": 1}', 422),
    ("/predict", {"content-type": "text/plain"}, b'{"text": "a"}', 415),
    ("/predict", {}, json.dumps({"texts": ["a"] * 513}).encode(), 413),
    ("/predict", {}, b'{"text": "' + b"a" * 2_000_000 + b'"}', 413),
    ("/predict", {}, b'{"text": "' + b"a" * 1_000_000 + b'"}', 200),
    ("/predict", {}, json.dumps({"texts": ["", "😀", "שלום", "\x00\x07", "\ud800"]}).encode(), 200),
    ("/predict", {}, b'{"texts": []}', 200),
    ("/explain", {}, '{"text": "good \\ud800 \U0001f600 \u05e9\u05dc\u05d5\u05dd \\u0000"}'.encode(), 200),
    ("/explain", {}, b'{"text": ""}', 200),
    ("/explain", {}, b'{"text": "' + b"a " * 5_000 + b'"}', 200),
    ("/explain", {}, b'{"text": "' + b"a " * 5_001 + b'"}', 422),
    ("/explain", {}, b'{"texts": ["a"]}', 422),
    ("/explain", {"content-type": "text/csv"}, b"a", 415),
    ("/invocations", {}, b"", 400),
    ("/invocations", {}, b"NaN", 422),
    ("/invocations", {}, b"9" * 5_000, 400),
    ("/invocations", {}, b'["\\ud800", "\\u0000"]', 200),
    ("/invocations", {"content-type": "application/jsonlines"}, b'"a"\n{"text": 3}\n', 422),
    ("/invocations", {"content-type": "text/csv"}, b"\x00,a\n", 200),
    ("/invocations", {}, b"\xff", 400),
    ("/invocations", {}, NESTED, 400),
    ("/invocations", {}, b"{}", 422),
    ("/invocations", {"content-type": "image/png"}, b"a", 415),
    ("/invocations", {"accept": "image/png"}, b'["a"]', 406),
    ("/invocations", {"accept": "image/png, */*;q=0"}, b'["a"]', 406),
    ("/invocations", {"accept": "application/json;q=nan"}, b'["a"]', 406),
    ("/invocations", {"content-type": "text/csv"}, b'"open', 200),
    ("/none", {}, b"{}", 404),
]


@pytest.mark.parametrize(("path", "headers", "body", "status"), ODD)
def test_odd_requests_have_clear_answers(
    client: httpx.Client, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"} | headers)
    assert answer.status_code == status, answer.text[:300]
    if status != 200:
        detail = answer.json()["detail"]
        assert isinstance(detail, str) and 0 < len(detail) < 300 and "\n" not in detail


def test_a_body_of_no_told_length_is_bounded_too(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b"a" * 100_000

    assert client.post("/predict", content=chunks()).status_code == 413


@pytest.mark.parametrize(("method", "path"), [("GET", "/predict"), ("PUT", "/invocations"), ("DELETE", "/model")])
def test_a_wrong_method_names_the_right_one(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405 and answer.headers["allow"] in ("POST", "GET") and answer.json()["detail"]


def _raw(client: httpx.Client, *parts: bytes, wait: float = 0.0) -> bytes:
    """What a server answers to bytes that no HTTP client would send, `wait` seconds between them; 0: and no more."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(wait)
        if not wait:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_lengths_that_lie_are_refused(client: httpx.Client) -> None:
    for length in (b"-1", b"1e3", b"\xb2", b"1, 2"):
        assert _raw(client, HEAD + b"Content-Length: " + length + b"\r\n\r\n{}").startswith(b"HTTP/1.1 400"), length
    assert _raw(client, HEAD + b"Content-Length: 900\r\n\r\n{}") == b"", "whoever leaves gets no answer"
    longer = _raw(client, HEAD + b"Content-Length: 13\r\n\r\n" + b'{"text": "a"} and more')
    assert longer.startswith(b"HTTP/1.1 400")
    huge = _raw(client, HEAD + b"Content-Length: " + b"9" * 12 + b"\r\n\r\n{}")
    assert huge.startswith(b"HTTP/1.1 413")
    counted = client.get("/metrics").text
    assert 'path="/predict",status="499"' in counted and 'status="500"' not in counted


def test_a_body_that_never_ends_is_not_waited_for(trained: Trained) -> None:
    chunk = b"1\r\na\r\n"
    with running(trained, "--timeout", "1") as (client, _):
        started = time.monotonic()
        chunked = _raw(client, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk, chunk, chunk, wait=0.3)
        short = _raw(client, HEAD + b'Content-Length: 900\r\n\r\n{"text": ', wait=0.01)
        assert time.monotonic() - started < 15
        for answer in (chunked, short):
            assert answer.startswith(b"HTTP/1.1 408") and b"did not come within 1 s" in answer
        assert client.post("/predict", json={"text": "still here"}).status_code == 200
