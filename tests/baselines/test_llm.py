"""A language model's endpoint: what it is asked, what its answers count, what is kept, and all that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.llm.prompt import label_of
from baselines.recipes.llm import LLM
from bench.api import BenchError, Split, Training
from bench.store import Store
from tests.baselines.chat_server import KEY, Chat, chat
from tests.baselines.sentences import split
from tests.conftest import Bench
from tests.report.synthetic import boards_of

TRAIN = split(60, 0)
VALIDATION = replace(split(6, 1), texts=["good a", "bad b", "at c", "good d", "bad e", "at f"])
TEXTS = [f"{word} {i}" for i, word in enumerate(["awful", "at", "great"] * 4)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Chat]:
    monkeypatch.setenv("SENTIBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SENTIBENCH_LLM_KEY", KEY)
    with chat() as running:
        yield running


def fit(server: Chat, folder: Path, train: Split = TRAIN, **changes: Any) -> Training:
    folder.mkdir()
    given = {"base_url": server.base_url, "model": "gpt-4o-mini", "timeout": 5.0, **changes}
    return LLM().fit(train, VALIDATION, {**LLM.defaults, **given}, 0, folder)


def test_answers_are_labels_and_are_paid_for_once(server: Chat, tmp_path: Path) -> None:
    told = fit(server, tmp_path / "a", shots=2)
    assert told.warnings == ["about 16.20 USD a million texts (list price of 2025-04-30)"]
    conversation = server.asked[0]
    assert [m["role"] for m in conversation] == ["system", *["user", "assistant"] * 6, "user"]
    assert "negative, neutral, positive" in conversation[0]["content"]
    assert sorted(m["content"] for m in conversation if m["role"] == "assistant") == sorted(TRAIN.label_names * 2)
    found = LLM().load(tmp_path / "a").predict_proba(TEXTS)
    assert found.argmax(axis=1).tolist() == [0, 1, 2] * 4 and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert len(server.asked) == 6 + 12
    np.testing.assert_array_equal(LLM().load(tmp_path / "a").predict_proba([*TEXTS, *TEXTS]), [*found, *found])
    assert len(server.asked) == 18, "from the cache, also in another process"
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "a").iterdir())
    assert LLM().load(tmp_path / "a").predict_proba([]).shape == (0, 3)


def test_what_fails_for_a_while_is_asked_again(server: Chat, tmp_path: Path) -> None:
    server.failures = [429, 503, 500]
    fit(server, tmp_path / "a", concurrency=1)
    assert not server.failures and len(server.asked) == 6
    server.failures = [500] * 50
    with pytest.raises(BenchError, match=r"does not answer, asked 2 times .status 500: later"):
        fit(server, tmp_path / "b", retries=1, model="gpt-4o")


def test_answers_outside_the_labels_are_counted(server: Chat, tmp_path: Path) -> None:
    server.answer = lambda text: "Das ist gut" if "great" in text else "positive or negative"
    rare = replace(TRAIN, labels=np.where(np.arange(60) < 3, 1, TRAIN.labels // 2 * 2))
    told = fit(server, tmp_path / "a", rare)
    assert told.warnings[1] == "6 of the first 6 answers name no label"
    assert (LLM().load(tmp_path / "a").predict_proba(TEXTS).argmax(axis=1) == 1).all(), "the rarest label of train"


def test_labels_in_answers() -> None:
    names = ("negative", "very negative", "joy_full")
    told = {"Very Negative!": 1, "'negative'": 0, "label: JOY-FULL": 2, "negatively": None, "": None, "joy": None,
            "negative, not very negative": None}  # fmt: skip
    assert {answer: label_of(answer, names) for answer in told} == told


def test_it_stops_before_it_costs_more(server: Chat, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"texts are left, and 0\.\d+ USD of max_cost=0\.0005 are spent; raise it"):
        fit(server, tmp_path / "a", price="2/10", max_cost=0.0005, concurrency=1)
    paid = len(server.asked)
    assert 0 < paid <= 2
    fit(server, tmp_path / "b", price="2/10", max_cost=1.0, concurrency=1)
    assert len(server.asked) == 6, "what was answered is not asked again"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_url": ""}, "llm asks nobody unasked: give base_url (http://localhost:8000/v1) and model"),
        ({"base_url": "localhost:8000"}, "base_url=localhost:8000: give an address such as http://localhost:8000/v1"),
        ({"base_url": "https://me:secret@x.org/v1"}, "base_url: no key belongs in it"),
        ({"key_variable": "OPENAI_API_KEY"}, "key_variable=OPENAI_API_KEY: give a name that begins with SENTIBENCH_"),
        ({"key_variable": "SENTIBENCH_NONE"}, "refuses the question (status 401: {\"error\": \"no such key\"})"),
        ({"model": "gpt-4o-mimi"}, "(did you mean 'gpt-4o-mini'?): give price=IN/OUT"),
        ({"price": "cheap"}, "price=cheap: give USD a million tokens in and out, as 0.15/0.60"),
        ({"prompt": "Which?"}, "prompt: write {labels} where the labels go"),
        ({"concurrency": 0}, "concurrency=0: give 1 or more"),
    ],
)  # fmt: skip
def test_bad_parameters(changes: dict[str, Any], message: str, server: Chat, tmp_path: Path) -> None:
    with pytest.raises(BenchError) as error:
        fit(server, tmp_path / "a", **changes)
    assert message in str(error.value) and "\n" not in str(error.value) and "secret" not in str(error.value)


def test_nonsense_and_silence_are_one_line(server: Chat, tmp_path: Path) -> None:
    server.failures = [0, 0]
    with pytest.raises(BenchError, match="is no OpenAI-compatible endpoint; it says: '<html>welcome'"):
        fit(server, tmp_path / "a", concurrency=1)
    server.failures, server.delay = [], 1.0
    with pytest.raises(BenchError, match=r"does not answer, asked 1 times .*timed out"):
        fit(server, tmp_path / "b", retries=0, timeout=0.2)


def test_a_run_is_scored_and_never_timed(server: Chat, bench: Bench, tmp_path: Path) -> None:
    recipe = f"llm[base_url={server.base_url},model=mine,price=0/0]"
    given = {"SENTIBENCH_LLM_KEY": KEY, "SENTIBENCH_CACHE": str(tmp_path / "cache")}
    done = bench("run", "-r", recipe, "-d", "toy", "--smoke", **given)
    assert done.returncode == 0, done.stdout
    (result,) = Store(tmp_path / "store").read_all()
    assert result.quality is not None and result.measurement is None and not server.failures
    asked = len(server.asked)
    again = bench("measure", **given)
    assert "'llm' is not timed" in again.stdout and len(server.asked) == asked
    (board,) = boards_of(Store(tmp_path / "store"))
    assert len(board.ok_lines) == 1 and board.models == [], "it is compared, and never chosen"
