"""What the page of a report says: its data, unzipped; and altered ones put in their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.report.page.packed import unzipped, zipped
from bench.verify.page import END, START


def document(folder: Path) -> dict[str, Any]:
    """All that `index.html` says."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count("<script") == 2, "its data and its code; nothing in a name opens another"
    read: dict[str, Any] = unzipped(page.partition(START)[2].partition(END)[0])
    return read


def as_text(folder: Path) -> str:
    """The same as compact JSON."""
    return json.dumps(document(folder), ensure_ascii=False, separators=(",", ":"))


def put_text(folder: Path, text: str) -> None:
    """Let the page say this instead."""
    path = folder / "index.html"
    before, _, rest = path.read_text(encoding="utf-8").partition(START)
    path.write_text(before + START + zipped(json.loads(text)) + END + rest.partition(END)[2], encoding="utf-8")
