"""Apache Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bench.data.manifest import ParquetLayout
from bench.data.readers.table import unknown_column
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_parquet(layout: ParquetLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """The text and label columns, batch by batch; nulls come as None."""
    for split, paths in files.items():
        for path in paths:
            with open_file(path) as stream:
                yield from _rows(stream.read(), layout, split, path)


def _rows(content: bytes, layout: ParquetLayout, split: str, path: str) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names: list[str] = file.schema_arrow.names
        columns = [layout.text_column, layout.label_column]
        for column in columns:
            if column not in names:
                raise DataError(unknown_column(path, column, names))
        if layout.split_column in names:
            columns.append(layout.split_column)
        for batch in file.iter_batches(columns=columns):
            values: list[list[Any]] = [batch.column(name).to_pylist() for name in columns]
            splits = map(str, values[2]) if len(values) == 3 else [split] * len(values[0])
            yield from zip(splits, values[0], values[1], strict=True)
    except UnicodeDecodeError:
        raise DataError(f"{path}: a text or label is not UTF-8; write the file with a string column") from None
    except pa.ArrowException as error:
        raise DataError(f"{path}: not readable as Parquet: {str(error).splitlines()[0]}") from None
