"""A manifest and data folders of the tests' own."""

from __future__ import annotations

import csv
import hashlib
import lzma
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.data import manifest

WriteSet = Callable[..., str]
WriteCsv = Callable[..., Path]


@pytest.fixture(autouse=True)
def nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data of this machine is found by accident, and nothing is left in the user's cache."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("SENTIBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SENTIBENCH_DATA", raising=False)


@pytest.fixture
def write_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteSet]:
    """`write_set(layout, {split: (files, rows, counts)}, {file: bytes})` puts a set named `mini` into a manifest.

    The files are pinned as given and lie in `tmp_path / "data"`; `xz` compresses them, `written` replaces them after.
    """
    sets, data = tmp_path / "sets", tmp_path / "data"
    sets.mkdir()
    data.mkdir()
    monkeypatch.setattr(manifest, "SETS", sets)
    manifest.entry.cache_clear()

    def write(
        layout: dict[str, Any],
        parts: dict[str, tuple[list[str], int, dict[str, int]]],
        contents: dict[str, bytes],
        *,
        xz: bool = False,
        place: bool = True,
        **more: Any,
    ) -> str:
        for name, content in contents.items() if place else ():
            path = data / (name + ".xz" if xz else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(lzma.compress(content) if xz else content)
        names = list(dict.fromkeys(label for _, _, counts in parts.values() for label in counts))
        document = {
            "name": "mini", "title": "A small set", "revision": "1", "layout": layout, "label_names": names,
            "splits": {name: {"files": f, "rows": n, "counts": c} for name, (f, n, c) in parts.items()},
            "files": {n: {"bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in contents.items()},
            "licence": "none", "source": "https://example.org/mini", "citation": "none",
        } | more  # fmt: skip
        (sets / "mini.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
        manifest.entry.cache_clear()
        return "mini"

    yield write
    manifest.entry.cache_clear()


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """`write_csv(rows)` writes rows of (text, label) below a header and returns the path."""

    def write(rows: Sequence[Sequence[Any]], header: Sequence[str] = ("text", "label"), name: str = "mine.csv") -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


def reviews(n: int = 60) -> list[tuple[str, str]]:
    """`n` distinct rows of three labels in turn."""
    return [(f"review number {i} is here", ("good", "bad", "so-so")[i % 3]) for i in range(n)]
