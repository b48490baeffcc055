"""Scored records as CSV, JSON lines or Parquet: their columns, the label, every probability, the problem."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import BenchError, Probabilities, did_you_mean
from serving.records import Record

FORMATS = ("csv", "jsonl", "parquet")
Row = dict[str, Any]
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


def output_format(path: Path | None, given: str | None) -> str:
    """By `given` or the file's ending; standard output is JSON lines unless said otherwise."""
    name = given or (path.suffix.lower().lstrip(".") if path else "jsonl")
    if name not in FORMATS:
        raise BenchError(f"{path}: unknown format '{name}': {did_you_mean(name, FORMATS)}; choose with --output-format")
    return name


def scored_rows(records: Sequence[Record], probabilities: Probabilities, labels: Sequence[str]) -> list[Row]:
    """A row a record, in order; `probabilities` float32 [n_texts, n_labels] are of those that have a text."""
    names = ["predicted", "probability", *(f"p_{label}" for label in labels), "problem"]
    unknown = [None] * (len(names) - 1)
    best, rounded = probabilities.argmax(axis=1).tolist(), np.round(probabilities.astype(np.float64), 6).tolist()
    given = ([labels[i], values[i], *values] for i, values in zip(best, rounded, strict=True))
    rows: list[Row] = []
    for record in records:
        told = [*(next(given) if record.problem is None else unknown), record.problem]
        taken = record.columns
        free = names if taken.keys().isdisjoint(names) else [_free(name, taken) for name in names]
        rows.append(taken | dict(zip(free, told, strict=True)))
    return rows


def _free(name: str, row: Mapping[str, Any]) -> str:
    """A name that no column of the input has."""
    while name in row:
        name += "_"
    return name


def encode(rows: Sequence[Row], kind: str, header: bool) -> bytes:
    """Rows as the bytes of one part of a file; `header` is for the first part of a CSV."""
    if kind == "jsonl":
        return "".join(_JSON.encode(row) + "\n" for row in rows).encode()
    if kind == "csv":
        return _csv(rows, header)
    return _parquet(rows)


def _csv(rows: Sequence[Row], header: bool) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n", extrasaction="ignore", restval="")
    if header:
        writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _parquet(rows: Sequence[Row]) -> bytes:
    """Numbers of the model as float64, everything else as text: all parts of a file must have one schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(rows[0])
    arrays = []
    for name in names:
        values = [row.get(name) for row in rows]
        if name.startswith("p_") or name.startswith("probability"):
            arrays.append(pa.array(values, pa.float64()))
        else:
            arrays.append(
                pa.array([v if v is None or isinstance(v, str) else str(_cell(v)) for v in values], pa.string())
            )
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays, names), sink)
    return sink.getvalue()


def join(parts: Iterable[Path], kind: str, target: Path) -> None:
    """Parts in order as one file."""
    if kind != "parquet":
        with target.open("wb") as out:
            for part in parts:
                out.write(part.read_bytes())
        return
    import pyarrow.parquet as pq

    writer = None
    for part in parts:
        table = pq.read_table(part)
        writer = writer or pq.ParquetWriter(target, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
