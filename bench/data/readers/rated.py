"""Texts with a mean rating: `id TAB rating TAB text`, the rating cut into negative, neutral and positive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.data.manifest import RatedLayout
from bench.data.stream import text_lines
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_rated(layout: RatedLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """A row a line; its group is the document of its id, where the layout has documents."""
    low, high = layout.cuts
    for split, paths in files.items():
        for path in paths:
            with open_file(path) as stream:
                for number, line in enumerate(text_lines(stream, layout.encoding, path), start=1):
                    parts = line.rstrip("\r\n").split("\t", 2)
                    try:
                        name, rating, text = parts[0], float(parts[1]), parts[2]
                    except (IndexError, ValueError):
                        raise DataError(f"{path} line {number}: no id, rating and text between tabs") from None
                    label = "negative" if rating <= low else "positive" if rating >= high else "neutral"
                    if layout.group_separator is None:
                        yield split, text, label
                    else:
                        yield split, text, label, f"{path} {name.partition(layout.group_separator)[0]}"
