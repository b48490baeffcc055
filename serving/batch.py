"""Scoring a file of any size: part by part in bounded memory, in order, resumed after a kill."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from bench.api import BenchError
from bench.data import Reading
from bench.data.reading import AS_FOUND
from bench.output import output_file, stream_to
from serving.answering import PLAIN, Answering
from serving.arrow import read_tables, texts_of
from serving.model import Model
from serving.parts import Plan, parts_of
from serving.readers import OBJECTS, format_of, read_records
from serving.records import Record, opened
from serving.scored import Scores, encode, output_format, packed, parquet_bytes, scored_rows, scored_table
from serving.source import Source, source_of

if TYPE_CHECKING:
    import pyarrow as pa

PART = 4096
"""Records that are scored, and stored, at once."""


@dataclass(frozen=True)
class Job:
    """What is to be scored, and where to."""

    source: Path | None
    """None: standard input."""
    target: Path | None
    """None: standard output."""
    kind: str | None
    target_kind: str | None
    reading: Reading = AS_FOUND
    """What was chosen of how it is read."""
    overwrite: bool = False
    """Whether a file that is there may be replaced."""
    answering: Answering = PLAIN


@dataclass
class Count:
    """How far a job is."""

    rows: int = 0
    bad: int = 0
    resumed: int = 0
    """Rows that were scored before."""
    said: str = ""
    """What was found of the input that is not the usual."""


@dataclass(frozen=True)
class Part:
    """Records that are scored at once."""

    records: Sequence[Record]
    table: pa.Table | None = None
    """Their columns, where they go from one Parquet file to another; the records have none then."""


OnProgress = Callable[[Count], None]


def score(job: Job, model: Model, progress: OnProgress) -> Count:
    """Score every record; to a file through parts beside it, to anything else as they come.

    Whatever cannot be read or written is a one-line `BenchError`; then no file is changed.
    """
    kind, target_kind = format_of(job.source, job.kind), output_format(job.target, job.target_kind)
    source = source_of(job.source, kind, job.reading, model.card.get("reading"))
    file = output_file(job.target) if job.target else None
    if file is None and target_kind == "parquet":
        name = job.target or "standard output"
        raise BenchError(f"Parquet cannot go to {name}: give a file as --output, or --output-format csv or jsonl")
    if file is not None and file.is_relative_to(model.folder.resolve()):
        raise BenchError(f"{job.target} lies in the artifact, which it would alter: choose another --output")
    with opened(job.source) as stream:
        parts = _parts(stream, source, target_kind)
        read = job.source.stat() if job.source else os.fstat(stream.fileno())
        if file is not None:
            _refuse_input(read, file.stat() if file.exists() else None)
            return _to_file(parts, model, target_kind, job, source, file, progress)
        try:
            with stream_to(job.target) as out:
                _refuse_input(read, os.fstat(out.fileno()))
                return _to_stream(parts, model, target_kind, job, source, out, progress)
        except OSError as error:
            raise BenchError(f"{job.target or 'standard output'}: cannot be written: {error.strerror}") from None


def _refuse_input(read: os.stat_result, output: os.stat_result | None) -> None:
    """A file that is read and written at once is lost, by whatever name it goes."""
    if output is not None and S_ISREG(output.st_mode) and os.path.samestat(read, output):
        raise BenchError("the output is the input itself: choose another --output")


def _parts(stream: BinaryIO, source: Source, target_kind: str) -> Iterator[Part]:
    if source.kind == target_kind == "parquet":
        for table in read_tables(stream, source, PART):
            yield Part(list(texts_of(table, source)), table)
        return
    records = read_records(stream, source)
    if source.kind in OBJECTS and target_kind != "jsonl":
        records = (packed(record, source.columns[-1]) for record in records)
    while part := tuple(islice(records, PART)):
        yield Part(part)


def _to_stream(
    parts: Iterator[Part], model: Model, kind: str, job: Job, source: Source, out: BinaryIO, progress: OnProgress
) -> Count:
    count = Count(said=source.said)
    for part in parts:
        out.write(_scored(part, model, kind, job.answering, header=count.rows == 0))
        out.flush()
        _count(count, part, progress)
    return count


def _to_file(
    parts: Iterator[Part], model: Model, kind: str, job: Job, source: Source, file: Path, progress: OnProgress
) -> Count:
    count = Count(said=source.said)
    with parts_of(file) as stored:
        whole = stored.begin(_plan(model, kind, job, source), job.overwrite)
        for number, part in enumerate(parts):
            if number < whole:
                count.resumed += len(part.records)
            else:
                stored.put(number, _scored(part, model, kind, job.answering, header=number == 0))
            _count(count, part, progress)
        if not stored.finish(kind, job.overwrite):
            raise BenchError(f"nothing to score: the input holds no record, and {job.target} was not written")
    return count


def _plan(model: Model, kind: str, job: Job, source: Source) -> Plan:
    """Without a source where the input cannot be read a second time."""
    file = None
    if job.source is not None and job.source.is_file():
        stat = job.source.stat()
        file = (os.fspath(job.source.resolve()), stat.st_size, stat.st_mtime_ns)
    fitted = model.confidence.fitted.model_dump_json() if model.confidence else ""
    return Plan(model.hash, kind, PART, str(replace(source, where="")), file, job.kind, f"{job.answering} {fitted}")


def _scored(part: Part, model: Model, kind: str, answering: Answering, header: bool) -> bytes:
    texts = [record.text for record in part.records if record.text is not None]
    probabilities = model.score(texts).probabilities if texts else np.zeros((0, len(model.labels)), np.float32)
    answering = answering.by(model.card)
    scores = Scores(
        probabilities, model.labels, answering.names, answering.values(model.confidence, probabilities, model.labels)
    )
    if kind == "parquet":
        return parquet_bytes(scored_table(part.table, part.records, scores))
    return encode(scored_rows(part.records, scores), kind, header)


def _count(count: Count, part: Part, progress: OnProgress) -> None:
    count.rows += len(part.records)
    count.bad += sum(record.problem is not None for record in part.records)
    progress(count)
