"""One row a line: `text;label` or `label<TAB>text`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.data.manifest import LinesLayout
from bench.data.stream import text_lines
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_lines(layout: LinesLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """Split each line at its first separator (label first) or its last (text first)."""
    for split, paths in files.items():
        for path in paths:
            with open_file(path) as stream:
                for number, line in enumerate(text_lines(stream, layout.encoding, path), start=1):
                    row = line.rstrip("\n")
                    first, separator, last = (row.partition if layout.label_first else row.rpartition)(layout.separator)
                    if not separator:
                        raise DataError(f"{path} line {number}: no {layout.separator!r} between text and label")
                    yield (split, last, first) if layout.label_first else (split, first, last)
