"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bench.data.manifest import JsonLinesLayout
from bench.data.readers.table import unknown_column
from bench.data.stream import text_lines
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_jsonl(layout: JsonLinesLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """The text and label of every object; blank lines are passed over."""
    for split, paths in files.items():
        for path in paths:
            with open_file(path) as stream:
                for number, line in enumerate(text_lines(stream, layout.encoding, path), start=1):
                    if line.strip():
                        record = _record(line, layout, path, number)
                        named = str(record.get(layout.split_column, split)) if layout.split_column else split
                        yield named, record[layout.text_column], record[layout.label_column]


def _record(line: str, layout: JsonLinesLayout, path: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
        # A lone surrogate is legal JSON and illegal text.
        json.dumps(record, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} line {number}: not JSON text: {error}") from None
    if not isinstance(record, dict):
        raise DataError(f"{path} line {number}: a {type(record).__name__} where an object is needed")
    for column in (layout.text_column, layout.label_column):
        if column not in record:
            raise DataError(unknown_column(f"{path} line {number}", column, list(record)))
    return record
