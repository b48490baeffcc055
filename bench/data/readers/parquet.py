"""Apache Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.data.columns import columns_at
from bench.data.manifest import ParquetLayout
from bench.data.tables.arrow import parquet_table

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_parquet(layout: ParquetLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """The text and label columns, batch by batch; nulls come as None."""
    for split, paths in files.items():
        for path in paths:
            with open_file(path) as stream:
                table = parquet_table(stream, path)
                columns = [columns_at(table.names, c, path)[0] for c in (layout.text_column, layout.label_column)]
                for text, label in table.pick(columns):
                    yield split, text, label
