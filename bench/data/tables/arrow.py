"""Parquet, and Arrow's own files: Feather, and what `datasets` saves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from bench.data.tables.table import Table, Values
from bench.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_table(stream: BinaryIO, where: str) -> Table:
    """A Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(stream.read()))
    except pa.ArrowException as error:
        raise DataError(f"{where}: not readable as Parquet: {str(error).splitlines()[0]}") from None
    names: list[str] = file.schema_arrow.names

    def pick(columns: Sequence[int]) -> Iterator[Values]:
        wanted = [names[i] for i in columns]
        return _values(file.iter_batches(columns=wanted), wanted, where)

    return Table(names, pick, codes=class_names(file.schema_arrow.metadata))


def feather_table(stream: BinaryIO, where: str) -> Table:
    """A Feather file, which is an Arrow file, or an Arrow stream."""
    import pyarrow as pa

    content = pa.BufferReader(stream.read())
    try:
        batches = arrow_table(content)
        schema = batches.schema
    except pa.ArrowException as error:
        raise DataError(f"{where}: not readable as Feather or Arrow: {str(error).splitlines()[0]}") from None
    names: list[str] = schema.names

    def pick(columns: Sequence[int]) -> Iterator[Values]:
        return _values(batches.to_batches(), [names[i] for i in columns], where)

    return Table(names, pick, codes=class_names(schema.metadata))


def arrow_table(content: Any) -> pa.Table:
    """The table of an Arrow file or stream."""
    import pyarrow as pa

    try:
        return pa.ipc.open_file(content).read_all()
    except pa.ArrowInvalid:
        content.seek(0)
        return pa.ipc.open_stream(content).read_all()


def class_names(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """The names of the labels that `datasets` has written as numbers (ClassLabel), by column."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return {}
    return feature_names(features)


def feature_names(features: Any) -> dict[str, list[str]]:
    """The same of the features of a data set as its JSON has them; those of a column of lists too."""
    if not isinstance(features, dict):
        return {}
    single = {name: _element(value) for name, value in features.items()}
    found = {name: value.get("names") for name, value in single.items() if isinstance(value, dict)}
    return {name: list(names) for name, names in found.items() if isinstance(names, list)}


def _element(feature: Any) -> Any:
    """What a feature that is a list holds, as `datasets` writes it in several ways; another as it is."""
    if isinstance(feature, list) and feature:
        return feature[0]
    return feature.get("feature", feature) if isinstance(feature, dict) else feature


def _values(batches: Any, names: Sequence[str], where: str) -> Iterator[Values]:
    import pyarrow as pa

    try:
        for batch in batches:
            yield from zip(*(batch.column(batch.schema.names.index(name)).to_pylist() for name in names), strict=True)
    except UnicodeDecodeError:
        raise DataError(f"{where}: a text or label is not UTF-8; write the file with a string column") from None
    except pa.ArrowException as error:
        raise DataError(f"{where}: not readable: {str(error).splitlines()[0]}") from None
