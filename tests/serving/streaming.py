"""`serving stream` in a process of its own: posts in, rows out, each once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tests.conftest import bench_environment
from tests.forks import Fork, start
from tests.serving.conftest import Trained
from tests.serving.x_api import TOKEN

FIRST = 1_700_000_000_000_000_000
MINUTE_S = 0.5
"""X's minute in these tests; every wait is as much shorter."""


def post(number: int, text: str, **more: Any) -> dict[str, Any]:
    made = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"id": str(FIRST + number), "text": text, "created_at": made, "author_id": str(number % 97)} | more


def as_x(found: dict[str, Any]) -> bytes:
    return json.dumps({"data": found, "matching_rules": [{"id": "1000", "tag": "sentibench: covid"}]}).encode()


def many(trained: Trained, n: int) -> list[dict[str, Any]]:
    return [post(i, f"{trained.texts[i % len(trained.texts)]} {i}") for i in range(n)]


def write_lines(path: Path, lines: Sequence[Any]) -> None:
    path.write_bytes(b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines))


class Streaming:
    """`python -m serving stream` with the store of the trained run; its log is in `stderr`."""

    def __init__(self, trained: Trained, folder: Path) -> None:
        self.trained, self.folder, self.log = trained, folder, folder / "stderr.txt"
        self.running: list[Fork] = []

    @property
    def settings(self) -> dict[str, str]:
        """Of its environment."""
        scale = {"SENTIBENCH_TIME_SCALE": str(MINUTE_S / 60), "X_BEARER_TOKEN": TOKEN}
        return bench_environment(self.trained.folder) | scale

    def start(self, *options: str, stdin: str = os.devnull, **environment: str) -> Fork:
        self.running.append(
            start(
                "bench", "serving", "stream", self.trained.run, *options, environment=self.settings | environment,
                folder=self.folder, streams=(stdin, str(self.log), str(self.log)),
            )
        )  # fmt: skip
        return self.running[-1]

    def run(self, *options: str, **environment: str) -> int:
        return self.start(*options, **environment).wait(timeout=120)

    @property
    def stderr(self) -> str:
        return self.log.read_text() if self.log.is_file() else ""

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen:\n{self.stderr[-2000:]}"
            time.sleep(0.02)

    def stop(self) -> int:
        self.running[-1].send_signal(signal.SIGTERM)
        return self.running[-1].wait(timeout=60)

    def kill(self) -> None:
        self.running[-1].kill()
        self.running[-1].wait()


@contextmanager
def streams(trained: Trained, folder: Path) -> Iterator[Streaming]:
    """None of them is left at the end."""
    started = Streaming(trained, folder)
    try:
        yield started
    finally:
        for process in started.running:
            process.kill()
            process.wait()


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.is_dir():
        return pd.read_parquet(path).astype(object).where(lambda f: f.notna(), None).to_dict("records")
    if path.suffix == ".sqlite":
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM posts")]
    with path.open("rb") as file:
        return [json.loads(line) for line in file if line.endswith(b"\n")]


def count_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def check_each_once(rows: list[dict[str, Any]], n: int) -> None:
    times = Counter(row["id"] for row in rows)
    missing = [i for i in range(n) if str(FIRST + i) not in times]
    assert not missing, f"{len(missing)} lost, from {missing[:5]} to {missing[-5:]}"
    assert len(times) == n and set(times.values()) == {1}
