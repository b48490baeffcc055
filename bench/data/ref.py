"""How a data set is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class DatasetRef:
    """A name in the manifest, or the path of the user's own CSV, TSV, JSONL or Parquet file (`.xz` too).

    The columns are those of the user's file and mean nothing for a set of the manifest.
    """

    name: str
    text_column: str = "text"
    label_column: str = "label"
    data_dir: Path | None = None

    @property
    def path(self) -> Path | None:
        """The user's file, None where `name` is one of the manifest."""
        path = Path(self.name)
        format_ = Path(path.stem).suffix if path.suffix == ".xz" else path.suffix
        return path if format_.lower() in FILE_SUFFIXES or len(path.parts) > 1 else None
