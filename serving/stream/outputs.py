"""An output by its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bench.api import BenchError, did_you_mean
from serving.stream.database import SqliteSink
from serving.stream.sinks import JsonLinesSink, ParquetSink, Sink

KINDS = {"jsonl": "jsonl", "parquet": "parquet", "sqlite": "sqlite", "db": "sqlite"}
"""By the ending of a name."""


def find_output(path: Path, option: str | None) -> tuple[Path, str]:
    """Where the output really lies, links followed, and its kind, by the `option` or the ending of the name.

    A stream only adds to regular files, of Parquet to a folder: a device, a pipe or the like is a `BenchError`.
    """
    name = option or path.suffix.lower().lstrip(".")
    if name not in KINDS:
        raise BenchError(f"{path}: unknown format '{name}': {did_you_mean(name, KINDS)}; choose with --output-format")
    kind = KINDS[name]
    if kind == "parquet" and path.exists() and not path.is_dir():
        raise BenchError(f"{path} is a file; a stream writes Parquet as a folder of parts")
    if kind != "parquet" and path.exists() and not path.is_file():
        raise BenchError(f"{path} is no regular file, and a stream adds to one: choose another --output")
    return Path(os.path.realpath(path)) if path.is_symlink() else path, kind


def is_empty(path: Path) -> bool:
    """Whether nothing is there yet, or nothing is in it."""
    if path.is_dir():
        return not any(path.iterdir())
    return not path.exists() or path.stat().st_size == 0


def open_sink(path: Path, kind: str, labels: Sequence[str]) -> Sink:
    """The output at `path`, as `find_output` has found it; what is there already is kept and added to."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "sqlite":
            return SqliteSink(path, labels)
        return ParquetSink(path) if kind == "parquet" else JsonLinesSink(path)
    except OSError as error:
        raise BenchError(f"{path}: cannot be written: {error.strerror}") from None
