"""Scoring a file of any size: part by part in bounded memory, order kept, what was scored before a kill kept."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from bench.api import BenchError
from bench.durable import write_atomic
from serving.model import Model
from serving.records import Record, format_of, opened, packed, read_records
from serving.scored import encode, join, output_format, scored_rows

PART = 4096
"""Records that are scored, and kept, at once."""


@dataclass(frozen=True)
class Job:
    """What is to be scored, and where to."""

    source: Path | None
    """None: standard input."""
    target: Path | None
    """None: standard output."""
    kind: str | None
    target_kind: str | None
    column: str


@dataclass
class Count:
    """How far a job is."""

    rows: int = 0
    bad: int = 0
    resumed: int = 0
    """Rows that were scored before."""


Watch = Callable[[Count], None]


def score(job: Job, model: Model, watch: Watch) -> Count:
    """Score every record; to a file through parts beside it, to standard output as they come."""
    kind, target_kind = format_of(job.source, job.kind), output_format(job.target, job.target_kind)
    with opened(job.source) as stream:
        records = read_records(stream, kind, job.column, str(job.source or "standard input"))
        if kind == "jsonl" and target_kind != "jsonl":
            records = (packed(record, job.column) for record in records)
        if job.target is None:
            return _to_stdout(records, model, target_kind, watch)
        return _to_file(records, model, target_kind, job, watch)


def _to_stdout(records: Iterator[Record], model: Model, kind: str, watch: Watch) -> Count:
    if kind == "parquet":
        raise BenchError("Parquet cannot go to standard output: give --output, or --output-format csv or jsonl")
    count = Count()
    for part in _parts(records):
        sys.stdout.buffer.write(_scored(part, model, kind, header=count.rows == 0))
        sys.stdout.buffer.flush()
        _count(count, part, watch)
    return count


def _to_file(records: Iterator[Record], model: Model, kind: str, job: Job, watch: Watch) -> Count:
    assert job.target is not None
    folder = job.target.with_name(job.target.name + ".parts")
    count = Count()
    for _ in range(_kept(folder, model, kind, job)):
        part = tuple(islice(records, PART))
        count.resumed += len(part)
        _count(count, part, watch)
    for number, part in enumerate(_parts(records), start=-(-count.rows // PART)):
        write_atomic(folder / f"{number:08}.part", _scored(part, model, kind, header=number == 0))
        _count(count, part, watch)
    _finish(folder, kind, job.target)
    return count


def _kept(folder: Path, model: Model, kind: str, job: Job) -> int:
    """How many whole parts an earlier call of the same job has left; another job's are removed."""
    stat = job.source.stat() if job.source else None
    told = {
        "artifact": model.hash, "kind": kind, "part": PART,
        "job": {name: str(value) for name, value in asdict(job).items()},
        "source": [stat.st_size, stat.st_mtime_ns] if stat else None,
    }  # fmt: skip
    plan = folder / "plan.json"
    if stat is not None and plan.is_file() and json.loads(plan.read_bytes()) == told:
        whole = sorted(folder.glob("*.part"))
        # the last one may be short where the file ended: it is cheap to score again
        return max(len(whole) - 1, 0)
    shutil.rmtree(folder, ignore_errors=True)
    write_atomic(plan, json.dumps(told).encode())
    return 0


def _finish(folder: Path, kind: str, target: Path) -> None:
    parts = sorted(folder.glob("*.part"))
    if not parts:
        shutil.rmtree(folder)
        raise BenchError(f"nothing to score: the input holds no record, and {target} was not written")
    whole = folder / "whole"
    join(parts, kind, whole)
    whole.replace(target)
    shutil.rmtree(folder)


def _parts(records: Iterator[Record]) -> Iterator[tuple[Record, ...]]:
    while part := tuple(islice(records, PART)):
        yield part


def _scored(part: tuple[Record, ...], model: Model, kind: str, header: bool) -> bytes:
    texts = [record.text for record in part if record.problem is None and record.text is not None]
    return encode(scored_rows(part, model.predictor.predict_proba(texts), model.labels), kind, header)


def _count(count: Count, part: tuple[Record, ...], watch: Watch) -> None:
    count.rows += len(part)
    count.bad += sum(record.problem is not None for record in part)
    watch(count)
