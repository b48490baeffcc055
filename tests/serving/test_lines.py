"""Typed records as JSON lines: what was torn goes, what is whole stays, lines of earlier versions are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from serving.learn.ledger import Decision
from serving.lines import append_line, read_lines


@dataclass(frozen=True)
class Number:
    a: int


@pytest.mark.parametrize(
    ("before", "kept"),
    [("", []), ('{"a": 1}\n', [1]), ('{"a": 1}\n{"a": 2', [1]), ('{"a": 1}\n{"a": 2}', [1, 2]), ('{"a": 2}', [2])],
)
def test_a_last_line_without_its_break_is_cut_only_where_it_is_torn(
    tmp_path: Path, before: str, kept: list[int]
) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(before)
    append_line(path, Number(9))
    assert [line.a for line in read_lines(path, Number)] == [*kept, 9]


@pytest.mark.parametrize(("corrections", "regressions"), [("corrections", "regressions"), ("mended", "broken")])
def test_a_journal_of_an_earlier_version_is_read(tmp_path: Path, corrections: str, regressions: str) -> None:
    compared = {
        "against": "a" * 64, "texts": 9, "other": 0.8, "candidate": 0.9, "difference": 0.1, "low": 0.0, "high": 0.2,
        corrections: 3, regressions: 1, "p": 0.5,
    }  # fmt: skip
    line = {
        "time": "2026-01-01T00:00:00+00:00", "verdict": "accepted", "reason": "no worse", "served": "a" * 64,
        "candidate": "b" * 64, "rows": {"labelled": 1, "held_out": 0, "weak": 0, "left_out": 0},
        "noise": {"positive": [0.1, "measured"]}, "validation": "c" * 16, "margin": 0.005, "against": [compared],
        "on_held_out_feedback": None, "recipe": "lora", "replay": 0.8, "seconds": 1.0,
    }  # fmt: skip
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps(line) + "\n")
    (decision,) = read_lines(path, Decision)
    assert (decision.against[0].corrections, decision.against[0].regressions) == (3, 1)
    if corrections == "corrections":  # what is written is what was read, key by key
        append_line(path, decision)
        assert [json.loads(text) for text in path.read_text().splitlines()] == [line, line]
