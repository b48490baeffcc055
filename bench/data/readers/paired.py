"""Pairs of files: a text a line, and its label on the same line of the other."""

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
    """Texts and labels line by line, one pair of files after the other; a different number of lines is an error."""
    for split, paths in files.items():
        for text_path, label_path in zip(paths[::2], paths[1::2], strict=True):
            for text, label in _pair(text_path, label_path, layout.encoding, open_file):
                yield split, text, label


def _pair(text_path: str, label_path: str, encoding: str, open_file: Opener) -> Iterator[tuple[str, str]]:
    with open_file(text_path) as texts, open_file(label_path) as labels:
        pairs = zip_longest(text_lines(texts, encoding, text_path), text_lines(labels, encoding, label_path))
        for number, (text, label) in enumerate(pairs, start=1):
            if text is None or label is None:
                shorter = text_path if text is None else label_path
                raise DataError(f"{shorter}: no line {number}; {text_path} and {label_path} must be as long")
            yield text.rstrip("\n"), label.rstrip("\n")
