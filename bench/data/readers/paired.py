"""Two files a split: a text a line, and its label on the same line of the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from bench.data.manifest import PairedLayout
from bench.data.stream import text_lines
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_paired(layout: PairedLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """Texts and labels line by line; a different number of lines is an error."""
    for split, (text_path, label_path) in files.items():
        with open_file(text_path) as texts, open_file(label_path) as labels:
            pairs = zip_longest(
                text_lines(texts, layout.encoding, text_path), text_lines(labels, layout.encoding, label_path)
            )
            for number, (text, label) in enumerate(pairs, start=1):
                if text is None or label is None:
                    shorter = text_path if text is None else label_path
                    raise DataError(f"{shorter}: no line {number}; {text_path} and {label_path} must be as long")
                yield split, text.rstrip("\n"), label.rstrip("\n")
