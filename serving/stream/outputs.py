"""An output by its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.api import BenchError, did_you_mean
from serving.stream.database import SqliteSink
from serving.stream.sinks import JsonLinesSink, ParquetSink, Sink

KINDS = {"jsonl": "jsonl", "parquet": "parquet", "sqlite": "sqlite", "db": "sqlite"}
"""By the ending of a name."""


def open_sink(path: Path, kind: str | None, labels: Sequence[str]) -> Sink:
    """The output at `path`, by `kind` or its ending; what is there already is kept and added to."""
    name = kind or path.suffix.lower().lstrip(".")
    if name not in KINDS:
        raise BenchError(f"{path}: unknown format '{name}': {did_you_mean(name, KINDS)}; choose with --output-format")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if KINDS[name] == "sqlite":
            return SqliteSink(path, labels)
        return ParquetSink(path) if name == "parquet" else JsonLinesSink(path)
    except OSError as error:
        raise BenchError(f"{path}: cannot be written: {error.strerror}") from None
