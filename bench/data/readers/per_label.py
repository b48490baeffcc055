"""One file a label: a text a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.data.manifest import PerLabelLayout
from bench.data.stream import text_lines

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_per_label(layout: PerLabelLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """The files of a split in order, each with its label."""
    for split, paths in files.items():
        for path, label in zip(paths, layout.file_labels, strict=True):
            with open_file(path) as stream:
                for line in text_lines(stream, layout.encoding, path):
                    yield split, line.rstrip("\n"), label
