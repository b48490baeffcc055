"""The lines by which benchmarks say how far ahead of a peer something is, and the table that is read from them."""

from __future__ import annotations

import pytest

from bench.stats.rounds import Estimate, ratio
from benchmarks.advantage import Advantage


@pytest.mark.parametrize(
    ("said", "line", "verdict"),
    [
        (
            Advantage("static", "model2vec", "texts/s in bulk, 1 thread", Estimate(3.412, 2.58, 5.31)),
            "static beside model2vec, texts/s in bulk, 1 thread: 3.41 (2.58 to 5.31) ×",
            "ahead",
        ),
        (
            Advantage("static", "fastText", "texts/s one by one, 1 thread", Estimate(1.12, 0.921, 1.23)),
            "static beside fastText, texts/s one by one, 1 thread: 1.12 (0.921 to 1.23) ×",
            "not shown to differ",
        ),
        (Advantage("a", "b", "times smaller", Estimate(0.25)), "a beside b, times smaller: 0.25 ×", "behind"),
        (Advantage("a", "b", "times smaller", Estimate(1234567.0)), "a beside b, times smaller: 1.23e+06 ×", "ahead"),
    ],
)
def test_a_line_is_read_back(said: Advantage, line: str, verdict: str) -> None:
    assert str(said) == line
    found = Advantage.read(line)
    assert found is not None and str(found) == line
    assert found.verdict == said.verdict == verdict


def test_other_lines_say_nothing() -> None:
    for line in ("", "ours 259 texts/s, transformers.pipeline 127", "| OpenVINO, int8 | 299.9 | 6.52 (6.33 to 6.87) |"):
        assert Advantage.read(line) is None


def test_few_rounds_have_no_interval() -> None:
    line = str(Advantage("finetune", "a plain Trainer", "examples/s", ratio([8.0, 9.0], [1.0, 1.0])))
    assert line == "finetune beside a plain Trainer, examples/s: 8.5 ×"
