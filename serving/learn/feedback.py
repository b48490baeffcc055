"""Labels that people give, kept as they come: JSON lines in a folder, on disk before they are acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.api import BenchError
from serving.lines import append_line

FILE = "feedback.jsonl"
MOST_BYTES = 200_000_000
"""Of the file; a server that is sent more refuses it."""


@dataclass(frozen=True)
class Feedback:
    """The feedback file of a folder."""

    folder: Path
    most_bytes: int = MOST_BYTES

    @classmethod
    def open(cls, folder: Path) -> Feedback:
        """Of a folder, which is made; a `BenchError` where it cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / FILE).open("ab"):
                pass
        except OSError as error:
            raise BenchError(f"--feedback {folder}: cannot be written: {error.strerror}") from None
        return cls(folder)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE

    def append(self, text: str, label: str, row_id: str | None, model: str) -> bool:
        """Keep a text with its right label, and the model that is served; False where the file is full.

        Safe against other threads and processes. Raises `OSError` where it cannot be written.
        """
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = {"time": time, "id": row_id, "text": text, "label": label, "model": model}
        return append_line(self.path, row, self.most_bytes)
