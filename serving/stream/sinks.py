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
HALF = re.compile(r"\.part-\d{8}\.parquet\..*")
"""A part that is being written, or was when the stream was killed."""
START = b'{"id": '
"""Of each line."""


def columns(labels: Sequence[str]) -> list[str]:
    """Of every row: where the post is from, what becomes of it (`event`), its text, and the prediction."""
    post = ["id", "created_at", "author_id", "rules", "event", "text"]
    return [*post, "predicted", "probability", *(f"p_{label}" for label in labels), "model"]


class Sink(ABC):
    """An output that only grows, save for texts that must go. `position` counts what it holds."""

    flush_s = 1.0
    """After how long rows are written, if the user sets no other time."""
    flush_rows = 5_000
    position = 0

    @abstractmethod
    def append(self, rows: Sequence[Row]) -> None:
        """Write rows in order, durably; where it raises, none of them is there."""

    @abstractmethod
    def recover(self, position: int) -> Iterator[Row]:
        """Rows that were written behind `position`, before a kill; what was half written is removed.

        A `BenchError` where what stands there is not of a stream.
        """

    def close(self) -> None:  # noqa: B027
        """Nothing more comes."""


class JsonLinesSink(Sink):
    """One file of JSON lines. A notice is one more line, without a text."""

    def __init__(self, path: Path) -> None:
        self._path = path
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
        if position and os.pread(self._file.fileno(), 1, position - 1) != b"\n":
            raise self._alien(position - 1)
        place = self._file.seek(position)
        with os.fdopen(os.dup(self._file.fileno()), "rb") as reading:
            for line in reading:
                if not line.endswith(b"\n") and START.startswith(line[: len(START)]):
                    break
                yield self._row(line, place)
                place += len(line)
        self._file.truncate(place)
        self.position = place

    def _row(self, line: bytes, place: int) -> Row:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) or not row.keys() >= {"id", "event"} or not line.endswith(b"\n"):
            raise self._alien(place)
        return row

    def _alien(self, place: int) -> BenchError:
        return BenchError(
            f"{self._path}: what stands at byte {place:,} is not of a stream: take it out, or choose another"
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ParquetSink(Sink):
    """A folder of Parquet files, `part-00000000.parquet` and so on. A notice is one more row, without a text."""

    flush_s = 60.0
    flush_rows = 50_000

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(match[1]) for path in folder.iterdir() if (match := PART.fullmatch(path.name))]
        self._folder, self.position = folder, max(numbers, default=-1) + 1

    def append(self, rows: Sequence[Row]) -> None:
        """Add a part; `position` counts parts."""
        write_atomic(self._part(self.position), encode(rows, "parquet", header=False))
        self.position += 1

    def recover(self, position: int) -> Iterator[Row]:
        """Rows of the parts from `position` on."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for half in self._folder.iterdir():
            if HALF.fullmatch(half.name):
                half.unlink()
        for number in range(position, self.position):
            part = self._part(number)
            try:
                rows = pq.read_table(part, columns=["id", "event"]).to_pylist() if part.is_file() else []
            except (pa.ArrowException, OSError):
                raise BenchError(f"{part} is not of a stream: take it out, or choose another --output") from None
            yield from rows

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:08}.parquet"
