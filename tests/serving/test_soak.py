"""An hour of use: requests at half of what the server can, bad ones among them, and a stream that is dropped.

Memory, file handles and temporary files of both processes must stay flat. A shorter one:
`pytest tests/serving/test_soak.py -m slow -s --soak-seconds 180`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest

from tests.serving.conftest import Trained
from tests.serving.load import Watched, asked, asked_in_all, raw, sampled
from tests.serving.server import running
from tests.serving.streaming import FIRST, as_x, count_lines, post, streams
from tests.serving.x_api import XApi, serving_x

CAPACITY_S = 5.0
"""How long the server is asked for all it can, before the soak."""
BAD_PER_S = 10
POSTS_PER_S = 100
DROP_EVERY_S = 15
BAD = [
    b"\x16\x03\x01 no HTTP\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 300_000 + b"\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-Half: ",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\nno json",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
    b"POST /explain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"DELETE /model HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /none/at/all HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"",
]
"""Sent and left: half a head, a body that never comes, nothing at all."""


async def bad(port: int, seconds: float) -> Counter[bytes]:
    """The statuses of all that no client should send; none for what is left unanswered."""
    answers, waiting, end = Counter[bytes](), set[asyncio.Task[bytes]](), time.monotonic() + seconds
    for sent in cycle(BAD):
        if time.monotonic() > end:
            break
        waiting.add(asyncio.create_task(_status(port, sent)))
        await asyncio.sleep(1 / BAD_PER_S)
        done = {task for task in waiting if task.done()}
        waiting -= done
        answers.update(task.result() for task in done)
    answers.update(await asyncio.gather(*waiting))
    return answers


async def _status(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return (await asyncio.wait_for(reader.read(12), 15))[9:]
    except (TimeoutError, ConnectionResetError):
        return b""
    finally:
        writer.transport.abort()


class Posts(Sequence[bytes]):
    """Made when they are sent: an hour of them is much."""

    def __init__(self, texts: Sequence[str], n: int) -> None:
        self.texts, self.n = texts, n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]
        return as_x(post(number, f"{self.texts[number % len(self.texts)]} {number}"))


def requests_of(texts: Sequence[str]) -> list[bytes]:
    """Mostly single texts; now and then many, a table, words explained."""

    one = [raw("/predict", "application/json", json.dumps({"text": text})) for text in texts[:100]]
    return [
        *one, raw("/predict", "application/json", json.dumps({"texts": texts[:50]})),
        raw("/explain", "application/json", json.dumps({"text": texts[0]})),
        raw("/invocations", "text/csv", "".join(f'"{text}"\n' for text in texts[:5] if '"' not in text)),
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]  # fmt: skip


def dropping(texts: Sequence[str], n: int) -> XApi:
    """X with n posts, and a disconnection every few seconds."""
    every = POSTS_PER_S * DROP_EVERY_S
    drops = [(at, ("cut", "end")[at % 2]) for at in range(every + 1, n, every)]
    after = {2: (503, {}), 3: (429, {"Retry-After": "1"})}
    return XApi(Posts(texts, n), POSTS_PER_S, 2.0, drops, after_drop=after)


async def used(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> None:
    """Good and bad requests at once; all good ones are answered, and nothing is the server's own fault."""
    answered, refused = await asyncio.gather(asked(port, requests, rate, seconds), bad(port, seconds))
    print(f"\nat {rate:,.0f} requests/s: {answered[True]:,} answered; of bad ones {dict(refused)}")
    assert not answered[False] and answered[True] > 0.8 * rate * seconds
    assert not [status for status in refused if status.startswith(b"5")]


@pytest.mark.parametrize("n", [1_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_every_request_is_counted_and_none_is_kept(trained: Trained, tmp_path: Path, n: int) -> None:
    good = [raw("/predict", "application/json", json.dumps({"texts": trained.texts[i : i + 3]})) for i in range(8)]
    wrong = [raw("/predict", "application/json", "[]"), raw("/none", "text/plain", "a")]
    with (
        running(trained) as (client, server),
        sampled([watched := Watched(server.pid, [])], 0.2),
    ):  # fmt: skip
        answered = asyncio.run(asked_in_all(int(client.base_url.port or 0), [*good, *wrong], n))
        metrics = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[0] != "#")
    assert answered == {True: 0.8 * n, False: 0.2 * n}
    path = "sentibench_requests_total{path="
    for labels, share in (
        ('"/predict",status="200"', 0.8),
        ('"/predict",status="422"', 0.1),
        ('"other",status="404"', 0.1),
    ):
        assert float(metrics[f"{path}{labels}}}"]) == share * n
    predictions = sum(
        float(value) for name, value in metrics.items() if name.startswith("sentibench_predictions_total")
    )
    assert (
        predictions == 2.4 * n and float(metrics['sentibench_batch_texts_sum{name="bayes-toy"}']) == predictions + 2
    )  # which warmed it up
    assert float(metrics['sentibench_request_seconds_count{path="/predict"}']) == 0.9 * n
    if n > 10_000:
        watched.check_flat("server")


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_nothing_grows_in_an_hour(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    seconds = float(pytestconfig.getoption("--soak-seconds", default=3600))
    temporary, out = tmp_path / "tmp", tmp_path / "out.jsonl"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    n, requests = int(POSTS_PER_S * seconds), requests_of(trained.texts)
    api = dropping(trained.texts, n)
    drops = len(api.drops)
    with (
        running(trained) as (client, server),
        serving_x(api), streams(trained, tmp_path) as stream,
    ):  # fmt: skip
        port = int(client.base_url.port or 0)
        most = asyncio.run(asked(port, requests, float("inf"), CAPACITY_S))
        process = stream.start("--query", "covid", "-o", out.name, "--backfill", "5", "--api-url", api.address)
        stream.until(lambda: count_lines(out) > 0, "the first posts")
        watched = [Watched(server.pid, [temporary]), Watched(process.pid, [temporary, tmp_path / "out.jsonl.state"])]
        with sampled(watched, max(0.5, seconds / 500)):
            asyncio.run(used(port, requests, most[True] / CAPACITY_S / 2, seconds))
        stream.until(lambda: api.done, "the end", 120 + seconds / 4)  # what is sent again after a drop takes its time
        assert stream.stop() == 0
    print(stream.stderr.splitlines()[-1])
    with out.open("rb") as file:
        times = Counter(json.loads(line)["id"] for line in file)
    assert len(times) == n and set(times.values()) == {1} and str(FIRST) in times
    assert api.dropped == drops and not most[False]
    for one, name in zip(watched, ("server", "stream"), strict=True):
        one.check_flat(name)
