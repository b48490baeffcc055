"""Parquet as it is read: tables for another Parquet file, and plain values for files that know fewer types."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from bench.api import BenchError
from bench.data.columns import joined
from bench.data.tables.arrow import arrow_table
from serving.records import Record, record_of, unique_names
from serving.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 2048
"""Rows that are read at once."""


def read_parquet(stream: BinaryIO, source: Source) -> Iterator[Record]:
    """The records of a Parquet file, their values plain."""
    return _records(read_tables(stream, source, BATCH), source)


def read_feather(stream: BinaryIO, source: Source) -> Iterator[Record]:
    """The same of a Feather file, or an Arrow stream."""
    import pyarrow as pa

    try:
        table = arrow_table(pa.BufferReader(stream.read()))
    except pa.ArrowException as error:
        raise BenchError(f"{source.where}: not readable as Feather or Arrow: {str(error).splitlines()[0]}") from None
    return _records(iter([table.rename_columns(unique_names(table.column_names))]), source)


def _records(tables: Iterator[pa.Table], source: Source) -> Iterator[Record]:
    for table in tables:
        at = source.positions(table.column_names)
        for row in zip(*(plain(values) for values in table.columns), strict=True):
            yield record_of(dict(zip(table.column_names, row, strict=True)), joined([row[i] for i in at]))


def read_tables(stream: BinaryIO, source: Source, size: int) -> Iterator[pa.Table]:
    """A Parquet file in tables of `size` rows, the last one shorter; columns of one name get names of their own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        file = pq.ParquetFile(stream)
        names = unique_names(file.schema_arrow.names)
        source.positions(names)
        for batch in file.iter_batches(batch_size=size):
            yield pa.Table.from_batches([batch]).rename_columns(names)
            row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        after = f" after row {row:,}" if row else ""
        raise BenchError(f"{source.where}: not readable as Parquet{after}: {str(error).splitlines()[0]}") from None


def texts_of(table: pa.Table, source: Source) -> Iterator[Record]:
    """The records of a table whose columns stay in it."""
    columns = [plain(table.column(i)) for i in source.positions(table.column_names)]
    for values in zip(*columns, strict=True):
        yield record_of({}, joined(values))


def plain(values: pa.ChunkedArray | pa.Array) -> list[Any]:
    """Values as JSON has them: numbers, truth values, texts, lists and objects; None for null.

    Dates, times, durations (a count of the type's unit) and decimals become text, bytes base64, maps lists of objects.
    """
    import pyarrow as pa
    from pyarrow import types

    if isinstance(values, pa.ChunkedArray):
        return [value for chunk in values.chunks for value in plain(chunk)]
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(values.storage)
    if types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if types.is_struct(kind):
        names = unique_names([field.name for field in kind])
        rows = zip(*(plain(field) for field in values.flatten()), strict=True) if names else iter([()] * len(values))
        structs = (dict(zip(names, row, strict=True)) for row in rows)
        return [struct if valid else None for struct, valid in zip(structs, values.is_valid().to_pylist(), strict=True)]
    if types.is_nested(kind):
        return [plain(row.values) if row.is_valid else None for row in values]
    return _flat(values)


def _flat(values: pa.Array) -> list[Any]:
    import pyarrow as pa
    from pyarrow import types

    kind = values.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        try:
            return list(values.to_pylist())
        except UnicodeDecodeError:
            raw = values.cast(pa.large_string()).view(pa.large_binary()).to_pylist()
            return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]
    if types.is_null(kind) or types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return list(values.to_pylist())
    if not (types.is_temporal(kind) or types.is_decimal(kind)):  # of bytes there are four types
        return [None if value is None else base64.b64encode(value).decode() for value in values.to_pylist()]
    return list(values.cast(pa.string()).to_pylist())
