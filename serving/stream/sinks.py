"""Where rows go: JSON lines, Parquet parts; SQLite is in `database.py`. What `append` returned from is on the disk."""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.api import BenchError
from bench.durable import write_atomic
from serving.scored import Row, encode

PART = re.compile(r"part-(\d{8})\.parquet")


def columns(labels: Sequence[str]) -> list[str]:
    """Of every row: where the post is from, what becomes of it (`event`), its text, and what the model says."""
    told = [f"p_{label}" for label in labels]
    return ["id", "created_at", "author_id", "rules", "event", "text", "predicted", "probability", *told, "model"]


class Sink(ABC):
    """An output that only grows, save for texts that must go. `position` counts what it holds."""

    flush_s = 1.0
    """After how long rows are written, where nobody says otherwise."""
    flush_rows = 5_000
    position = 0

    @abstractmethod
    def append(self, rows: Sequence[Row]) -> None:
        """Write rows in order, durably; where it raises, none of them is there."""

    @abstractmethod
    def recover(self, position: int) -> Iterator[Row]:
        """Rows that were written behind `position`, before a kill; what was half written is removed."""

    def close(self) -> None:  # noqa: B027
        """Nothing more comes."""


class JsonLinesSink(Sink):
    """One file of JSON lines. A notice is one more line, without a text."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            write_atomic(path, b"")
        self._file = path.open("r+b", buffering=0)
        self.position = os.fstat(self._file.fileno()).st_size

    def append(self, rows: Sequence[Row]) -> None:
        """Add lines; `position` counts bytes."""
        data = encode(rows, "jsonl", header=False)
        try:
            self._file.seek(self.position)
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self.position)
            raise
        self.position += len(data)

    def recover(self, position: int) -> Iterator[Row]:
        """Whole lines behind `position`; a half one is cut off."""
        self._file.seek(min(position, self.position))
        place = self._file.tell()
        with os.fdopen(os.dup(self._file.fileno()), "rb") as reading:
            for line in reading:
                if not line.endswith(b"\n"):
                    break
                place += len(line)
                yield json.loads(line)
        self._file.truncate(place)
        self.position = place

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ParquetSink(Sink):
    """A folder of Parquet files, `part-00000000.parquet` and so on. A notice is one more row, without a text."""

    flush_s = 60.0
    flush_rows = 50_000

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise BenchError(f"{folder} is a file; a stream writes Parquet as a folder of parts") from None
        for half in folder.glob(".part-*"):
            half.unlink()
        numbers = [int(found[1]) for path in folder.iterdir() if (found := PART.fullmatch(path.name))]
        self._folder, self.position = folder, max(numbers, default=-1) + 1

    def append(self, rows: Sequence[Row]) -> None:
        """Add a part; `position` counts parts."""
        write_atomic(self._part(self.position), encode(rows, "parquet", header=False))
        self.position += 1

    def recover(self, position: int) -> Iterator[Row]:
        """Rows of the parts from `position` on."""
        import pyarrow.parquet as pq

        for number in range(position, self.position):
            if self._part(number).is_file():
                yield from pq.read_table(self._part(number)).to_pylist()

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:08}.parquet"
