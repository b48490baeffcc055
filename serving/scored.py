"""Scored records as CSV, JSON lines or Parquet: their columns, the label, every probability, the problem."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from bench.api import BenchError, Probabilities, did_you_mean
from serving.records import Columns, Record, free_name, unique_names

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("csv", "jsonl", "parquet")
Row = Columns
"""A record's columns, and its scores."""
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def output_format(path: Path | None, option: str | None) -> str:
    """By the `option` or the file's ending; standard output is JSON lines by default."""
    name = option or (path.suffix.lower().lstrip(".") if path else "jsonl")
    if name not in FORMATS:
        raise BenchError(f"{path}: unknown format '{name}': {did_you_mean(name, FORMATS)}; choose with --output-format")
    return name


def packed(record: Record, column: str) -> Record:
    """A record of any keys as two columns that every record has: its text, and all of it as JSON."""
    columns = {column: record.text, free_name("record", [column]): json_text(record.columns)}
    return Record(columns, record.text, record.problem)


def json_text(value: Any) -> str:
    """A value as JSON, which has neither NaN, written as null, nor infinity, written as text."""
    try:
        return _JSON.encode(value)
    except ValueError:
        return _JSON.encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return value


@dataclass(frozen=True)
class Scores:
    """What a model says of the records that have a text."""

    probabilities: Probabilities
    """Float32 [n_texts, n_labels]."""
    labels: Sequence[str]
    added: Sequence[str] = ()
    """Names of further columns."""
    further: Sequence[Sequence[Any]] = ()
    """Their values, a row a text; none without `added`."""

    @property
    def names(self) -> list[str]:
        """The columns that scoring adds."""
        return ["predicted", "probability", *(f"p_{label}" for label in self.labels), *self.added, "problem"]

    def of(self, records: Sequence[Record]) -> Iterator[list[Any]]:
        """The values of `names` of each record, in order."""
        best = self.probabilities.argmax(axis=1).tolist()
        rounded = np.round(self.probabilities.astype(np.float64), 6).tolist()
        further = self.further if self.added else [()] * len(best)
        scored = (
            [self.labels[i], values[i], *values, *more] for i, values, more in zip(best, rounded, further, strict=True)
        )
        unscored = [None] * (len(self.labels) + 2 + len(self.added))
        return ([*(unscored if record.text is None else next(scored)), record.problem] for record in records)


def scored_rows(records: Sequence[Record], scores: Scores) -> list[Row]:
    """A row a record, in order: its columns, then its scores under names that no column has."""
    names = scores.names
    rows: list[Row] = []
    for record, values in zip(records, scores.of(records), strict=True):
        taken = record.columns
        free = names if taken.keys().isdisjoint(names) else _free(names, list(taken))
        rows.append(taken | dict(zip(free, values, strict=True)))
    return rows


def _free(names: list[str], taken: list[str]) -> list[str]:
    return unique_names([*taken, *names])[len(taken) :]


def encode(rows: Sequence[Row], kind: str, header: bool) -> bytes:
    """Rows as the bytes of one part of a file; `header` is for the first part of a CSV."""
    if kind == "jsonl":
        return "".join(json_text(row) + "\n" for row in rows).encode()
    if kind == "csv":
        return _csv(rows, header)
    return _parquet(rows)


def _csv(rows: Sequence[Row], header: bool) -> bytes:
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), lineterminator="\r\n")  # with it a lone carriage return is quoted
    if header:
        writer.writerow(rows[0])
    # a CSV has no lists and objects: they are JSON there
    writer.writerows([json_text(v) if isinstance(v, dict | list) else v for v in row.values()] for row in rows)
    return "".join(line.removesuffix("\r\n") + "\n" for line in lines).encode()


class _Lines:
    """What `csv` writes, a row each."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _parquet(rows: Sequence[Row]) -> bytes:
    """Numbers of the model as float64, everything else as text: all parts of a stream must have one schema."""
    import pyarrow as pa

    names = list(rows[0])
    numbers = {name for name in names if name.startswith(("p_", "probability"))}
    types = {name: pa.float64() if name in numbers else pa.string() for name in names}
    return parquet_bytes(pa.table({name: pa.array([_text(row[name]) for row in rows], types[name]) for name in names}))


def _text(value: Any) -> Any:
    """Lists and truth as JSON: in a stream of records every column but the numbers is text."""
    return json_text(value) if isinstance(value, bool | list) else value


def scored_table(columns: pa.Table | None, records: Sequence[Record], scores: Scores) -> pa.Table:
    """The records' own columns, all of them texts unless `columns` brings them as they are, and their scores."""
    import pyarrow as pa

    if columns is None:
        names = list(records[0].columns)
        columns = pa.table({name: pa.array([r.columns[name] for r in records], pa.string()) for name in names})
    values = zip(*scores.of(records), strict=True)
    kinds = {"labels": pa.list_(pa.string()), "answered": pa.bool_(), "set": pa.list_(pa.string())}
    types = [
        pa.string(),
        *[pa.float64()] * (len(scores.labels) + 1),
        *(kinds[name] for name in scores.added),
        pa.string(),
    ]
    names = _free(scores.names, columns.column_names)
    for name, kind, column in zip(names, types, values, strict=True):
        columns = columns.append_column(name, pa.array(column, kind))
    return columns


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def join(parts: Iterable[Path], kind: str, target: BinaryIO) -> None:
    """Parts in order as one file."""
    if kind != "parquet":
        for part in parts:
            target.write(part.read_bytes())
        return
    import pyarrow.parquet as pq

    writer = None
    for part in parts:
        table = pq.ParquetFile(part).read()
        writer = writer or pq.ParquetWriter(target, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
