"""JSON lines that are added to: what was torn goes, what is whole stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.lines import append_line, read_lines


@pytest.mark.parametrize(
    ("before", "kept"),
    [("", []), ('{"a": 1}\n', [1]), ('{"a": 1}\n{"a": 2', [1]), ('{"a": 1}\n{"a": 2}', [1, 2]), ('{"a": 2}', [2])],
)
def test_a_last_line_without_its_break_is_cut_only_where_it_is_torn(
    tmp_path: Path, before: str, kept: list[int]
) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(before)
    append_line(path, {"a": 9})
    assert [line["a"] for line in read_lines(path)] == [*kept, 9]
