"""One policy for whatever is timed: its texts, its time-out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.measure.timing import RoundSettings
from bench.run.execute import Executor
from bench.run.rounds import MAX_TEXTS, measure_round, sample_of, write_texts
from bench.schema import Result
from bench.store import Store


class Silent:
    """A listener."""

    def phase(self, title: str, phase: str) -> None: ...

    def progress(self, done: float, total: float, values: Mapping[str, float]) -> None: ...

    def finished(self, result: Result) -> None: ...


def test_a_round_may_take_as_long_as_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[Any] = []
    wait = subprocess.Popen.wait
    monkeypatch.setattr(
        subprocess.Popen, "wait", lambda self, timeout=None: (waited.append(timeout), wait(self, 60))[1]
    )
    executor = Executor(Store(tmp_path), Silent(), timeout=7200.0)
    texts = write_texts(["a"], tmp_path / "texts.json")
    measure_round(executor, tmp_path / "none", texts, tmp_path / "round", RoundSettings(0, 1, 2))
    assert waited[0] == 7200.0


def test_of_very_many_texts_a_sample_is_timed_and_always_the_same(tmp_path: Path) -> None:
    texts = [str(i) for i in range(MAX_TEXTS * 3)]
    drawn = sample_of(texts)
    assert len(set(drawn)) == MAX_TEXTS and max(map(int, drawn)) > 2 * MAX_TEXTS
    assert drawn == sample_of(texts) == json.loads(write_texts(drawn, tmp_path / "texts.json").read_text())
