"""What a long run says where no terminal is: a line now and then, with what is left."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from bench.run import screen
from bench.run.screen import Screen


def printed(monkeypatch: pytest.MonkeyPatch, clock: list[float], reports: list[tuple[float, float]]) -> list[str]:
    """The lines after each report of (seconds on the clock, steps done of 100)."""
    monkeypatch.setattr(screen.time, "monotonic", lambda: clock[0])
    text = io.StringIO()
    with Screen(Console(file=text, width=80), 1) as shown:
        shown.phase("finetune · emotions · seed 0", "train")
        for seconds, done in reports:
            clock[0] = seconds
            shown.progress(done, 100, {"epoch": done / 25, "loss": 0.5, "examples_per_s": 84.2})
    return text.getvalue().splitlines()


def test_a_line_a_minute_says_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, [0.0], [(1, 0), (30, 10), (61, 20), (90, 25), (122, 40), (123, 41)])
    assert lines == [
        "finetune · emotions · seed 0 · train: 20%, epoch 0.8 loss 0.5 examples_per_s 84.2, 4 min left",
        "finetune · emotions · seed 0 · train: 40%, epoch 1.6 loss 0.5 examples_per_s 84.2, 4 min left",
    ]


def test_what_was_done_before_a_resumed_training_took_no_time_now(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = printed(monkeypatch, [0.0], [(2, 90), (62, 91)])
    assert re.search(r"91%.* 9 min left", line)
    (line,) = printed(monkeypatch, [0.0], [(0, 0), (3600, 25)])
    assert line.endswith("3 h 0 min left")
