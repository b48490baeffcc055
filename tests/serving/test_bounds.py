"""What strangers may cost a server: heads, idle and stuck connections, keys, addresses, names, explanations."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest

from serving.http.accept import best
from serving.http.batcher import LOW_PRIORITY_EVERY, LOW_PRIORITY_SIZE, Batcher
from serving.http.rates import CLIENTS, Rates
from serving.http.settings import Settings
from serving.model import Scored
from tests.serving.conftest import Serving, Trained
from tests.serving.load import raw
from tests.serving.server import running

MOST = 10
"""Connections of the server below."""


@pytest.fixture(scope="module")
def client(trained: Trained) -> Iterator[httpx.Client]:
    with running(trained, "--timeout", "1", "--max-connections", str(MOST)) as (client, _):
        yield client


def connect(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=20)


def received(connection: socket.socket) -> bytes:
    """All until the server closes."""
    found = b""
    try:
        while chunk := connection.recv(65536):
            found += chunk
    except ConnectionResetError:
        pass
    return found


def pour(connection: socket.socket, start: bytes, more: bytes, megabytes: int) -> int:
    """Send without end; how many bytes were taken before the server had enough."""
    sent = 0
    try:
        connection.sendall(start)
        while sent < megabytes * 1_000_000:
            connection.sendall(more)
            sent += len(more)
    except OSError:
        pass
    return sent


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET /" + b"a" * 9, b"a" * 100_000), (HEAD + b"X-Long: ", b"a" * 100_000),
        (HEAD, b"X-Many: a\r\n" * 10_000), (CHUNKED + b"1\r\na\r\n0\r\nX-Trailer: ", b"a" * 100_000),
        (CHUNKED + b"1;", b"a" * 100_000), (b"", b"\r\n" * 50_000),
    ],
    ids=["path", "header", "headers", "trailer", "extension", "breaks"],
)  # fmt: skip
def test_a_head_without_end_is_cut_off(client: httpx.Client, start: bytes, more: bytes) -> None:
    with connect(client) as connection:
        assert pour(connection, start, more, 150) < 30_000_000  # what lies in the system's buffers, and no more
    assert client.post("/predict", json={"text": "still here"}).status_code == 200


def test_a_large_head_has_an_answer(client: httpx.Client) -> None:
    for more in (b"X-Long: " + b"a" * 33_000 + b"\r\n", b"X-Many: a\r\n" * 99):
        with connect(client) as connection:
            connection.sendall(HEAD + more + b"\r\n")
            answer = received(connection)
        assert answer.startswith(b"HTTP/1.1 431 ") and b'{"detail": "the request\'s headers are larger than' in answer
        assert b"content-security-policy: default-src 'none'" in answer
    assert client.get("/healthz", headers={"x-long": "a" * 30_000}).status_code == 200
    assert 'sentibench_requests_total{path="other",status="431"}' in client.get("/metrics").text


def test_a_head_that_does_not_come_is_not_waited_for(client: httpx.Client) -> None:
    with connect(client) as half, connect(client) as silent, connect(client) as slow, connect(client) as second:
        half.sendall(HEAD)
        second.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in second.recv(65536)
        second.sendall(b"\r\n")  # what keeps a connection from being idle
        with pytest.raises(OSError):
            for _ in range(100):
                slow.sendall(b"a")
                time.sleep(0.1)
        assert received(half).startswith(b"HTTP/1.1 408 ") and received(silent) == b""
        assert b"HTTP/1.1 408 " in received(second)
    assert client.post("/predict", json={"text": "still here"}).status_code == 200


def test_who_does_not_read_is_cut_off(client: httpx.Client) -> None:
    request = raw("/predict", "application/json", '{"texts": [' + ",".join(['"a"'] * 500) + "]}")
    with connect(client) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.1)
        with pytest.raises(ConnectionError):
            for _ in range(300):
                with suppress(TimeoutError):
                    connection.sendall(request)
                time.sleep(0.05)


def test_idle_connections_make_room_for_new_ones(client: httpx.Client) -> None:
    idle = [connect(client) for _ in range(3 * MOST)]
    try:
        for connection in idle:
            connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n")
        with httpx.Client(base_url=client.base_url, timeout=20) as other:
            assert other.post("/predict", json={"text": "there is room"}).status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_an_upgrade_is_answered_as_a_request(client: httpx.Client) -> None:
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-key": "a" * 22 + "==",
             "sec-websocket-version": "13"}  # fmt: skip
    assert client.get("/healthz", headers=upgrade).status_code == 200


@pytest.fixture(scope="module")
def keyed(trained: Trained) -> Iterator[httpx.Client]:
    environment = {"SENTIBENCH_API_KEY": "sécret", "FORWARDED_ALLOW_IPS": "*", "WEB_CONCURRENCY": "2"}
    options = ("--rate", "0.01", "--burst", "100", "--allowed-host", "Models.example")
    with running(trained, *options, **environment) as (client, _):
        yield client


KEY = {"x-api-key": "sécret".encode()}


def test_what_a_request_costs_is_counted(keyed: httpx.Client) -> None:
    def ask(path: str, body: Any) -> int:
        return keyed.post(path, json=body, headers=KEY).status_code

    assert ask("/predict", {"texts": ["a"] * 20}) == 200
    assert ask("/explain", {"text": "word " * 64}) == 200  # 66, and 14 are left
    assert [ask("/predict", {"text": "a"}) for _ in range(13)] == [200] * 13
    assert ask("/invocations", ["a"] * 50) == 200  # one was left; the rest is owed
    refused = keyed.post("/predict", json={"text": "a"}, headers=KEY)
    assert refused.status_code == 429 and 4_500 < int(refused.headers["retry-after"]) < 5_100


def test_keys_are_not_guessed_without_end(keyed: httpx.Client) -> None:
    bearer = "bearer  sécret".encode()
    assert keyed.get("/model", headers={"authorization": bearer}).status_code == 429  # the key is right, the rate spent
    wrong = [
        {},
        {"x-api-key": "secret"},
        {"authorization": "Basic sécret".encode()},
        {"authorization": "sécret".encode()},
    ]
    assert {keyed.get("/model", headers=headers).status_code for headers in wrong} == {401}
    statuses = [keyed.get("/model", headers={"x-forwarded-for": f"10.0.0.{i}"}).status_code for i in range(100)]
    assert statuses == [401] * 96 + [429] * 4
    locked = keyed.get("/model", headers=KEY)
    assert locked.status_code == 429 and "too many wrong keys" in locked.text
    assert keyed.get("/healthz").status_code == 200


def test_other_names_are_not_answered(keyed: httpx.Client) -> None:
    def ask(host: str, path: str = "/healthz") -> int:
        return keyed.get(path, headers={"host": host}).status_code

    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:8080", "models.example:443"):
        assert ask(host) == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "[::2]", ""):
        assert {ask(host, path) for path in ("/", "/healthz", "/metrics", "/model", "/docs")} == {421}, host


def test_only_named_proxies_tell_who_asks(trained: Trained) -> None:
    with running(trained, "--rate", "0.01", "--burst", "1", "--forwarded-allow-ips", "127.0.0.1,10.0.0.0/8") as (
        client,
        _,
    ):

        def ask(forwarded: str) -> int:
            return client.get("/model", headers={"x-forwarded-for": forwarded}).status_code

        assert [ask(f"192.0.2.{i}") for i in (1, 2, 1)] == [200, 200, 429]
        assert ask("192.0.2.3, 192.0.2.2, 10.9.9.9") == 429, "what the last proxy that is trusted has seen"
        assert [ask("2001:db8::1"), ask("2001:db8::ffff:2")] == [200, 429], "one network"


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (("--api-key", ""), None, "the API key is empty"), ((), "", "the API key is empty"),
        ((), " \t", "the API key is empty"), (("--api-key", "a\n"), None, "white space that no header can carry"),
        (("--forwarded-allow-ips", "10.0.0.0/99"), None, "--forwarded-allow-ips 10.0.0.0/99: no address"),
        (("--host", "no.such.invalid"), None, "--host no.such.invalid: no address of this machine"),
    ],
)  # fmt: skip
def test_a_server_that_would_be_open_is_one_line(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], environment: str | None, message: str
) -> None:
    if environment is not None:
        monkeypatch.setenv("SENTIBENCH_API_KEY", environment)
    ran = serving("http", "any", *options)
    stderr = ran.stderr.decode()
    assert ran.returncode == 2 and message in stderr and len(stderr.strip().splitlines()) == 1, stderr


def test_an_open_server_on_a_network_says_so(trained: Trained) -> None:
    with running(trained, "--host", "0.0.0.0") as (client, process):
        assert client.get("/healthz", headers={"host": "any.example"}).status_code == 200
        process.terminate()
        _, logged = process.communicate(timeout=60)
    assert logged.startswith("warning: every client that reaches 0.0.0.0:") and "--api-key" in logged.splitlines()[0]


def test_rates_forget_the_client_that_has_not_asked_for_longest() -> None:
    rates = Rates(0.001, 1)
    rates.take("a", 5)
    for number in range(CLIENTS - 1):
        rates.take(f"{number}", 1)
        if number == CLIENTS // 2:
            assert rates.wait("a") > 4_000
    rates.take("z", 1)
    assert rates.wait("a") > 4_000 and rates.wait("0") == 0, "the first of the others has gone"


def _batches(ask: Callable[[Batcher, asyncio.Event], Any]) -> tuple[list[int], Any]:
    """The sizes of the batches, in order, of which the first waits until the event is set; and what `ask` returns."""
    sizes: list[int] = []

    async def run() -> Any:
        loop, held, model = asyncio.get_running_loop(), asyncio.Event(), SimpleNamespace()

        def predict(texts: Sequence[str]) -> Scored:
            sizes.append(len(texts))
            asyncio.run_coroutine_threadsafe(held.wait(), loop).result()
            return Scored(model, np.array([[float(text)] for text in texts], np.float32))  # type: ignore[arg-type]

        batcher = Batcher(predict, Settings(max_batch=16, max_wait_ms=0), lambda size: None)
        await batcher.start()
        found = await ask(batcher, held)
        await batcher.stop()
        assert batcher.queued == 0
        return found

    return sizes, asyncio.run(run())


def test_explanations_and_many_texts_let_others_go_first() -> None:
    async def ask(batcher: Batcher, held: asyncio.Event) -> list[Scored]:
        numbers = list(map(str, range(66)))
        tasks = [asyncio.create_task(batcher(numbers, low_priority=True)), asyncio.create_task(batcher(numbers[:40]))]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(batcher([str(i)])) for i in range(3)]
        await asyncio.sleep(0)
        held.set()
        return await asyncio.gather(*tasks)

    sizes, answers = _batches(ask)
    assert sizes[:3] == [16, 3, 16] and sizes[3] == 8 and sizes[4:] == [LOW_PRIORITY_SIZE] * 8 + [2], (
        "small ones between large"
    )
    for found, n in zip(answers, (66, 40), strict=False):
        assert found.probabilities[:, 0].tolist() == list(range(n))


def test_an_explanation_is_answered_though_others_never_cease() -> None:
    async def ask(batcher: Batcher, held: asyncio.Event) -> Scored:
        held.set()

        async def client() -> None:
            while True:
                await batcher(["7"])

        clients = [asyncio.create_task(client()) for _ in range(40)]
        await batcher(["7"])
        try:
            async with asyncio.timeout(10):
                return await batcher(list(map(str, range(66))), low_priority=True)
        finally:
            for one in clients:
                one.cancel()

    sizes, answer = _batches(ask)
    assert answer.probabilities[:, 0].tolist() == list(range(66))
    explaining = [number for number, size in enumerate(sizes) if size == LOW_PRIORITY_SIZE]
    between = {later - earlier for earlier, later in pairwise(explaining)}
    assert len(explaining) == 8 and between == {LOW_PRIORITY_EVERY}, "one batch of those aside in so many"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json;q=0.5, text/csv", "text/csv"), ("*/*", "text/csv"), ("text/*", "text/csv"),
        ("text/csv;q=0.1, application/*", "application/json"), ("application/x-jsonlines", "application/jsonlines"),
        ("application/json, text/plain, */*", "application/json"), ("image/png", None), ("", None),
        ("text/html, */*;q=0.8", "text/csv"), ("text/csv;q=0, */*", "application/json"),
        ("TEXT/CSV;Q=1.0", "text/csv"),
        ("application/json;q=9, text/csv;q=0.001", "text/csv"), ("text/csv;charset=utf-8;q=0.4, a/b", "text/csv"),
    ],
)  # fmt: skip
def test_accept_chooses(accept: str, kind: str | None) -> None:
    offered = ["text/csv", "application/json", "application/jsonlines"]
    assert best(accept, offered, {"application/x-jsonlines": "application/jsonlines"}) == kind
