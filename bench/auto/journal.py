"""What a killed `bench auto` goes on from: the time it has used, and what it has tried."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bench.durable import write_atomic
from bench.metrics import Metric
from bench.run.keys import Parent
from bench.search.targets import Costs

TICK = 5.0
"""Seconds between two records of the time that is used: a kill forgets no more."""


class Tried(BaseModel):
    """A model, trained, with what validation shows of it. Its artifact lies in the store."""

    model_config = ConfigDict(frozen=True)

    key: str
    """Of the artifact: all that it was made of."""
    rows: int
    """Of training."""
    as_parent: Parent
    """As what its children know it: run, artifact and normalization."""
    at: float
    """Seconds of the budget that were used when it had ended; what was decided then is decided again alike."""
    scores: Mapping[Metric, float]
    """On validation."""
    costs: Costs
    """From a quick round."""
    train_seconds: float
    round_seconds: float
    """That the quick round took, with the start of its process."""


class _Record(BaseModel):
    elapsed: float = 0.0
    tried: list[Tried] = []


class Journal:
    """The record of one question; within the block the clock runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock, self._stopped = threading.Lock(), threading.Event()
        try:
            self._record = _Record.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            self._record = _Record()
        self._before, self._started = self._record.elapsed, time.monotonic()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._save()

    @property
    def elapsed(self) -> float:
        """Seconds, over all calls."""
        return self._before + time.monotonic() - self._started

    def find(self, key: str) -> Tried | None:
        """What was tried already, by the key of its artifact."""
        return next((tried for tried in self._record.tried if tried.key == key), None)

    def add(self, tried: Tried) -> None:
        """Another one, in place of an earlier of the same."""
        with self._lock:
            self._record.tried = [*(t for t in self._record.tried if t.key != tried.key), tried]
        self._save()

    def _tick(self) -> None:
        while not self._stopped.wait(TICK):
            self._save()

    def _save(self) -> None:
        with self._lock:
            self._record.elapsed = self.elapsed
            write_atomic(self._path, self._record.model_dump_json(indent=1).encode())
