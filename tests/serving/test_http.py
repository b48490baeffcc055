"""Behind HTTP: the stored predictions again, batches, bounds, keys, and whatever else a client may send."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.serving.conftest import Serving, Trained
from tests.serving.load import raw
from tests.serving.server import running


@pytest.fixture(scope="module")
def client(trained: Trained) -> Iterator[httpx.Client]:
    with running(trained) as (client, _):
        yield client


def _array(predictions: list[dict[str, Any]], labels: list[str]) -> np.ndarray:
    return np.array([[one["probabilities"][label] for label in labels] for one in predictions])


def test_every_door_gives_the_stored_predictions(client: httpx.Client, trained: Trained) -> None:
    for start in range(0, len(trained.texts), 200):
        texts, wanted = trained.texts[start : start + 200], trained.probabilities[start : start + 200]
        answers = [client.post("/predict", json={"texts": texts}).json()["predictions"]]
        answers.append(client.post("/invocations", json={"instances": texts}).json()["predictions"])
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        answered = client.post("/invocations", content=lines, headers={"content-type": "application/jsonlines"})
        answers.append([json.loads(line) for line in answered.text.splitlines()])
        for answer in answers:
            assert np.abs(_array(answer, trained.labels) - wanted).max() < 1e-5
            assert [one["label"] for one in answer] == [trained.labels[i] for i in wanted.argmax(axis=1)]
        sheet = io.StringIO(newline="")
        csv.writer(sheet).writerows([[text] for text in texts])
        answered = client.post("/invocations", content=sheet.getvalue(), headers={"content-type": "text/csv"})
        rows = list(csv.reader(io.StringIO(answered.text)))
        assert np.abs(np.array([row[2:] for row in rows], float) - wanted).max() < 1e-5


def test_texts_that_come_at_once_go_through_together(client: httpx.Client, trained: Trained) -> None:
    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=client.base_url, timeout=60) as many:
            return await asyncio.gather(*(many.post("/predict", json={"text": t}) for t in trained.texts[:100]))

    for answer, wanted in zip(asyncio.run(ask()), trained.probabilities, strict=False):
        assert np.abs(_array(answer.json()["predictions"], trained.labels)[0] - wanted).max() < 1e-5
    metrics = client.get("/metrics").text
    assert (
        'sentibench_requests_total{path="/predict",status="200"}' in metrics
        and "sentibench_batch_texts_bucket" in metrics
    )


def test_predictions_are_counted_as_they_are_answered(trained: Trained) -> None:
    def counted() -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("sentibench_predictions_total"))

    with running(trained) as (client, _):
        assert counted() == 0  # the server's own first texts are no predictions
        client.post("/predict", json={"texts": trained.texts[:20]})
        assert counted() == 20


def test_the_card_and_the_page(client: httpx.Client, trained: Trained) -> None:
    card = client.get("/model").json()
    assert (
        card["label_names"] == trained.labels and card["hash"] == trained.artifact.name and card["runtime"] == "numpy"
    )
    assert "<textarea" in client.get("/").text and client.get("/ping").status_code == 200
    assert client.get("/openapi.json").json()["paths"].keys() >= {"/predict", "/explain", "/invocations", "/model"}


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/model", "/docs", "/openapi.json", "/predict", "/none"])
def test_head_and_a_slash_at_the_end_make_no_difference(client: httpx.Client, path: str) -> None:
    wanted = client.get(path)
    for answer in (client.head(path), client.get(f"{path.rstrip('/')}/"), client.head(f"{path.rstrip('/')}/")):
        assert (
            answer.status_code == wanted.status_code
            and answer.headers["content-type"] == wanted.headers["content-type"]
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert (client.head(path).content == b"" and path != "/predict") or wanted.headers["allow"] == "POST"


def test_a_slash_and_a_list_of_types_are_understood(client: httpx.Client) -> None:
    accept = {"accept": "application/json;q=0.5, text/csv"}
    table = client.post("/invocations/", json=["what a day"], headers=accept)
    assert table.headers["content-type"].startswith("text/csv") and len(next(csv.reader([table.text]))) == 5
    assert client.post("/predict/", json={"text": "a"}, headers=accept).json()["predictions"]
    several = [("accept", "text/csv;q=0.1"), ("accept", "application/x-jsonlines")]
    lines = client.post("/invocations", json=["a", "b"], headers=several)
    assert lines.headers["content-type"] == "application/jsonlines" and lines.text.count("\n") == 2
    assert 'path="/invocations",status="200"' in client.get("/metrics/").text


def test_words_explain_a_label(client: httpx.Client) -> None:
    explanation = client.post("/explain", json={"text": "I love this so much"}).json()
    assert [one["word"] for one in explanation["words"]] == ["I", "love", "this", "so", "much"]
    effects = {one["word"]: one["effect"] for one in explanation["words"]}
    assert max(effects, key=lambda word: abs(effects[word])) == "love"
    long = client.post("/explain", json={"text": "the " * 64 + "love " * 20}).json()
    assert len(long["words"]) == 64 and max(abs(one["effect"]) for one in long["words"]) < 0.05


def test_a_key_a_rate_and_a_log_without_texts(trained: Trained) -> None:
    with running(trained, "--api-key", "secret", "--rate", "0.01", "--burst", "3") as (client, process):
        assert client.post("/predict", json={"text": "hidden words"}).status_code == 401
        keyed = {"x-api-key": "secret"}
        statuses = [client.post("/predict", json={"text": "hidden words"}, headers=keyed).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert client.get("/healthz").status_code == 200
        late = client.post("/predict", json={"text": "a"}, headers={"authorization": "Bearer secret"})
        assert late.status_code == 429 and int(late.headers["retry-after"]) > 0
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=60)
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines] == [401, 200, 200, 200, 429, 429, 429]
    assert "hidden" not in logged and lines[1]["texts"] == 1


def test_more_than_may_wait_is_refused(trained: Trained) -> None:
    with running(trained, "--max-queue", "400", "--max-batch", "1") as (client, _):

        async def flood() -> list[int]:
            async with httpx.AsyncClient(base_url=client.base_url, timeout=60) as many:
                requests = [many.post("/predict", json={"texts": ["word " * 2000] * 100}) for _ in range(30)]
                return [answer.status_code for answer in await asyncio.gather(*requests)]

        statuses = asyncio.run(flood())
        assert set(statuses) == {200, 503}
        assert client.post("/predict", json={"text": "still here"}).status_code == 200


def test_a_server_that_stops_answers_first(trained: Trained) -> None:
    with running(trained) as (client, process):

        async def ask_then_stop() -> int:
            async with httpx.AsyncClient(base_url=client.base_url, timeout=60) as other:
                request = asyncio.create_task(other.post("/predict", json={"texts": ["word " * 500] * 500}))
                await asyncio.sleep(0.2)
                process.send_signal(signal.SIGTERM)
                return (await request).status_code

        assert asyncio.run(ask_then_stop()) == 200
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)


def test_a_server_that_stops_answers_two_hundred_connections(trained: Trained) -> None:
    request = raw("/predict", "application/json", json.dumps({"text": "word " * 5_000}))

    def arrived(metrics: str) -> bool:
        """Whether all but the one that is in the model wait, or have been answered."""
        counts = [line.split() for line in metrics.splitlines() if line[0] != "#"]
        names = ("sentibench_queued_texts", "sentibench_predictions_total")
        return sum(float(value) for *name, value in counts if name[0].startswith(names)) >= 199

    with running(trained, "--max-batch", "1", "--timeout", "60") as (client, process):

        async def ask_then_stop() -> list[bytes]:
            made = [await asyncio.open_connection("127.0.0.1", client.base_url.port) for _ in range(200)]
            for _, writer in made:
                writer.write(request)
            answers = [asyncio.create_task(reader.read()) for reader, _ in made]  # until the server closes
            while not arrived((await asyncio.to_thread(client.get, "/metrics")).text):
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            return await asyncio.gather(*answers)

        answers = asyncio.run(ask_then_stop())
    assert len(answers) == 200 and all(b"HTTP/1.1 200" in found and found.endswith(b"}]}") for found in answers)


def test_a_port_that_is_taken_is_one_line(serving: Serving, trained: Trained) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = serving("http", trained.run, "--port", str(taken.getsockname()[1]))
    stderr = ran.stderr.decode()
    assert ran.returncode == 2 and "cannot listen on" in stderr and "choose another --port" in stderr
