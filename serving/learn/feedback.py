"""Labels that people give, stored as they come: JSON lines in a folder, on disk before they are acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.api import BenchError
from serving.lines import append_line

FILE = "feedback.jsonl"
MAX_BYTES = 200_000_000
"""Of the file; a server that is sent more refuses it."""


@dataclass(frozen=True)
class LabelledText:
    """What a client sent, as a line of the file."""

    time: str
    """ISO 8601, UTC."""
    id: str | None
    """Of the post."""
    text: str
    label: str
    model: str
    """Digits of the hash of the model that was served."""


@dataclass(frozen=True)
class Feedback:
    """The feedback file of a folder."""

    folder: Path
    max_bytes: int = MAX_BYTES

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
        """Store a text with its right label, and the model that is served; False where the file is full.

        Safe against other threads and processes. Raises `OSError` where it cannot be written.
        """
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        return append_line(self.path, LabelledText(time, row_id, text, label, model), self.max_bytes)
