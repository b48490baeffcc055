"""Slots: swaps and rollbacks under load with no request lost, what is altered or broken refused, feedback kept."""

from __future__ import annotations

import gc
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest

from bench.api import BenchError, load_artifact, load_recipe
from bench.artifact import adopt
from bench.data import Prepared
from bench.store import Store
from serving.learn.feedback import Feedback, LabelledText
from serving.learn.ledger import Ledger
from serving.lines import read_lines
from serving.live_model import follow
from serving.slot import Slot
from serving.trust import Trust
from tests.conftest import RECIPES, bench_environment
from tests.serving.conftest import Serving, Trained
from tests.serving.server import running


@dataclass(frozen=True)
class Two:
    """Two artifacts of one data set."""

    store: Store
    first: str
    second: str

    @property
    def trust(self) -> Trust:
        return Trust(self.store)

    def folder(self, version: str) -> Path:
        return self.store.artifacts / version


@pytest.fixture(autouse=True)
def recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))


@pytest.fixture
def two(trained: Trained, tmp_path: Path) -> Two:
    """The trained run's, and the same recipe with more smoothing."""
    store, other = Store(tmp_path / "store"), tmp_path / "other"
    shutil.copytree(trained.artifact, store.artifacts / trained.artifact.name)
    (prepared,) = Store(trained.folder / "store").prepared.glob("*/meta.json")
    data, recipe = Prepared.open(prepared.parent), load_recipe("bayes")
    other.mkdir()
    recipe.fit(data.train(), data.validation(), recipe.defaults | {"alpha": 50.0}, 0, other)
    shutil.copy(trained.artifact / "artifact.json", other)
    return Two(store, trained.artifact.name, adopt(other, store.artifacts))


@pytest.fixture
def slot(two: Two, tmp_path: Path) -> Slot:
    """A slot that serves the first artifact."""
    Slot.create(tmp_path / "live", two.first, two.trust)
    return Slot.open(tmp_path / "live")


@dataclass
class Load:
    """What came back to clients that never stop asking."""

    answers: list[tuple[str, int, list[float]]] = field(default_factory=list)
    """The model, the text's number, the probabilities."""
    failures: list[str] = field(default_factory=list)


@contextmanager
def asked_all_the_time(url: httpx.URL, texts: list[str], clients: int = 4) -> Iterator[Load]:
    load, over = Load(), threading.Event()

    def ask(number: int) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not over.is_set():
                at = len(load.answers) % len(texts)
                answer = client.post("/predict", json={"text": texts[at]})
                if answer.status_code != 200:
                    load.failures.append(answer.text)
                    continue
                body = answer.json()
                load.answers.append((body["model"], at, list(body["predictions"][0]["probabilities"].values())))

    with ThreadPoolExecutor(clients) as pool:
        asking = [pool.submit(ask, number) for number in range(clients)]
        try:
            yield load
        finally:
            over.set()
    for done in asking:
        done.result()


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def test_swap_and_rollback_lose_no_request(slot: Slot, two: Two, trained: Trained) -> None:
    texts = trained.texts[:40]
    own = {name[:12]: load_artifact(two.folder(name)).predict_proba(texts) for name in (two.first, two.second)}
    with running(trained, served=str(slot.root)) as (client, _):
        with asked_all_the_time(client.base_url, texts) as load:
            for move in (lambda: Slot.create(slot.root, two.second, two.trust), lambda: slot.roll_back(two.trust)) * 2:
                version = move()
                wait_for(lambda version=version: client.get("/model").json()["hash"] == version)
                before = len(load.answers)
                wait_for(lambda before=before: len(load.answers) > before + 20)
        metrics = client.get("/metrics").text
    assert not load.failures
    assert {model for model, _, _ in load.answers} == set(own)
    for model, at, probabilities in load.answers:  # each answer is wholly of the model that it names
        assert np.abs(own[model][at] - probabilities).max() < 1e-5
    assert 'sentibench_model_swaps_total{name="bayes-toy",outcome="ok"} 4.0' in metrics
    assert (
        f'sentibench_model{{hash="{two.first[:12]}",name="bayes-toy"}} 1.0' in metrics
        and two.second[:12] not in metrics
    )


def test_a_stream_follows_a_slot(slot: Slot, two: Two, trained: Trained, tmp_path: Path) -> None:
    texts, out = trained.texts[:40], tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "serving", "stream", str(slot.root), "--source", "stdin", "-o", str(out)]
    with subprocess.Popen(
        command, env=bench_environment(trained.folder), cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stderr is not None

        def send(first: int) -> None:
            lines = [json.dumps({"id": first + i, "text": text}).encode() for i, text in enumerate(texts)]
            process.stdin.write(b"\n".join(lines) + b"\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            wait_for(lambda: out.is_file() and out.read_bytes().count(b"\n") == first + len(texts))

        send(0)
        Slot.create(slot.root, two.second, two.trust)
        assert any(f"model {two.second[:12]}: answers from here on".encode() in line for line in process.stderr)
        send(len(texts))
        process.stdin.close()
        assert process.wait(60) == 0
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert [row["model"] for row in rows] == [two.first[:12]] * 40 + [two.second[:12]] * 40
    for row, wanted in zip(rows[40:], load_artifact(two.folder(two.second)).predict_proba(texts), strict=True):
        assert np.abs(np.array([row[f"p_{label}"] for label in trained.labels]) - wanted).max() < 1e-5


def test_a_broken_candidate_leaves_the_old_model_answering(slot: Slot, two: Two, trained: Trained) -> None:
    with running(trained, served=str(slot.root)) as (client, process):
        slot.add(Path(shutil.copytree(two.folder(two.second), slot.root / "copy")))
        weights = slot.folder(two.second) / "model.safetensors"
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1])
        slot.point(two.second, "create")
        wait_for(lambda: 'outcome="failed"} 1.0' in client.get("/metrics").text)
        assert client.post("/predict", json={"text": "a"}).json()["model"] == two.first[:12]
        slot.point("0" * 64, "create")  # a version that is not there
        wait_for(lambda: 'outcome="failed"} 2.0' in client.get("/metrics").text)
        assert client.get("/healthz").status_code == 200
        weights.write_bytes(whole)
        slot.point(two.second, "create")
        wait_for(lambda: client.get("/model").json()["hash"] == two.second)
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=60)
    swaps = [json.loads(line) for line in logged.splitlines() if '"problem"' in line]
    assert "is altered" in swaps[0]["problem"] and swaps[0]["model"] == two.second[:12]
    assert "no artifact" in swaps[1]["problem"] and swaps[2]["problem"] is None and len(swaps) == 3


def test_versions_are_listed_and_gone_back_to(serving: Serving, slot: Slot, two: Two) -> None:
    name, other = str(slot.root), ("--store", str(two.store.root))
    assert serving("slot", "create", name, two.second, *other).returncode == 0

    def scored(version: str) -> bytes:
        return serving("predict", version, *other, stdin=b"so happy").stdout

    listed = serving("slot", "list", name).stdout.decode().splitlines()
    assert [(line[0], line.split()[-2]) for line in listed] == [(" ", two.first[:12]), ("*", two.second[:12])]
    assert serving("predict", name, stdin=b"so happy").stdout == scored(two.second)
    assert serving("slot", "rollback", name).returncode == 0 and slot.current() == two.first
    assert serving("predict", name, stdin=b"so happy").stdout == scored(two.first) != scored(two.second)
    with pytest.raises(BenchError, match="no earlier version"):
        slot.roll_back(two.trust)
    assert slot.roll_back(two.trust, two.second[:10]) == two.second and slot.roll_back(two.trust) == two.first
    with pytest.raises(BenchError, match=f"did you mean '{two.second[:12]}'"):
        slot.roll_back(two.trust, two.second[:11] + "x")
    assert [moved.why for moved in slot.history()] == ["create", "create", "rollback", "rollback", "rollback"]
    assert slot.chosen() == two.first


def test_a_torn_line_of_the_history_is_passed_over_and_an_alien_one_named(
    serving: Serving, slot: Slot, two: Two
) -> None:
    history = slot.root / "history.jsonl"
    with history.open("ab") as file:
        file.write(b'{"time": "2026-11-2')  # a writer was killed
    assert [moved.why for moved in slot.history()] == ["create"] and slot.chosen() == two.first
    Slot.create(slot.root, two.second, two.trust)
    assert [moved.version for moved in slot.history()] == [two.first, two.second] and history.read_bytes().count(
        b"\n"
    ) == 2
    whole = history.read_bytes()
    for alien in (b"a note\n", b"[]\n", b'{"version": "1"}\n', b"\xff\n", b"[" * 100_000 + b"\n"):
        history.write_bytes(whole + alien)
        with pytest.raises(BenchError, match=r"history.jsonl, line 3: not one of those that are written there"):
            slot.roll_back(two.trust)
    for command in ("list", "rollback"):
        ran = serving("slot", command, str(slot.root))
        assert ran.returncode == 2 and len(ran.stderr.splitlines()) == 1 and b"history.jsonl, line 3" in ran.stderr
    assert slot.current() == two.second and history.read_bytes() == whole + alien
    (slot.root / "used.jsonl").write_bytes(b'{"candidate": "1"}\n')
    with pytest.raises(BenchError, match=r"used.jsonl, line 1"):
        Ledger(slot).used()


def test_what_must_not_be_served_is_refused(serving: Serving, slot: Slot, two: Two, tmp_path: Path) -> None:
    Slot.create(slot.root, two.second, two.trust)
    (slot.folder(two.first) / "more.txt").write_text("altered")
    refused = serving("slot", "rollback", str(slot.root))
    assert refused.returncode == 2 and b"is altered" in refused.stderr and slot.current() == two.second
    copy = Path(shutil.copytree(two.folder(two.first), tmp_path / "other"))
    card = json.loads((copy / "artifact.json").read_text())
    (copy / "artifact.json").write_text(json.dumps(card | {"label_names": ["a", "b", "c"]}))
    with pytest.raises(BenchError, match=r"labels are a, b, c; the slot's are negative"):
        Slot.create(slot.root, str(copy), two.trust)
    with pytest.raises(BenchError, match="is no slot; choose another"):
        Slot.create(copy, two.first, two.trust)
    with pytest.raises(BenchError, match="no slot in"):
        Slot.open(tmp_path / "nowhere")
    assert [path.name for path in slot.root.glob(".new-*")] == [] and slot.current() == two.second


def test_a_model_that_was_replaced_is_freed(slot: Slot, two: Two) -> None:
    following = follow(str(slot.root), two.trust)
    old = weakref.ref(following.current().predictor)
    Slot.create(slot.root, two.second, two.trust)
    wait_for(lambda: following.current().hash == two.second)
    gc.collect()
    assert old() is None
    following.close()


def test_the_pointer_moves_only_from_where_it_was(slot: Slot, two: Two) -> None:
    Slot.create(slot.root, two.second, two.trust)
    assert not slot.point(two.first, "learn", instead_of=two.first) and slot.current() == two.second
    assert slot.point(two.first, "learn", instead_of=two.second) and slot.chosen() == two.second


def test_feedback_is_kept_whole_by_many_at_once(trained: Trained, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "feedback.jsonl"
    kept.parent.mkdir()
    first = LabelledText("2026-01-01T00:00:00.000+00:00", None, "whole", "positive", "m")
    kept.write_bytes(json.dumps(asdict(first)).encode() + b'\n{"text": "torn by a ki')
    with running(trained, "--feedback", str(kept.parent)) as (client, process):
        label = trained.labels[0]

        def send(number: int) -> int:
            return client.post("/feedback", json={"text": f"né {number}\n", "label": label, "id": "x"}).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(send, range(100))) == {201}
        wrong = client.post("/feedback", json={"text": "hidden words", "label": "positiv"})
        assert wrong.status_code == 422 and "did you mean 'positive'" in wrong.json()["detail"]
        for body in ('{"text": "", "label": "positive"}', '{"text": "\\ud800", "label": "positive"}', '{"text": "a"}'):
            answer = client.post("/feedback", content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 422, answer.text
        assert "/feedback" in client.get("/openapi.json").json()["paths"]
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=60)
    rows = list(read_lines(kept, LabelledText))
    assert rows[0] == first and len(rows) == 101
    assert {row.text for row in rows[1:]} == {f"né {number}\n" for number in range(100)}
    assert rows[1].model == trained.artifact.name[:12] and "hidden" not in logged and "né" not in logged


def test_a_full_file_keeps_no_more_and_a_server_without_feedback_has_no_such_path(
    trained: Trained, tmp_path: Path
) -> None:
    full = Feedback(tmp_path, max_bytes=250)
    assert [full.append("a text", "positive", None, "m") for _ in range(3)] == [True, True, False]
    assert len(list(read_lines(full.path, LabelledText))) == 2
    with running(trained) as (client, _):
        assert client.post("/feedback", json={"text": "a", "label": "positive"}).status_code == 404
