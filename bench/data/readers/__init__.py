"""The readers, one a format. Each yields `(split, text, label)`, text and label as the file writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bench.data.manifest import Layout
from bench.data.readers.base import Files, Opener, Row
from bench.data.readers.lines import read_lines
from bench.data.readers.paired import read_paired
from bench.data.readers.parquet import read_parquet
from bench.data.readers.per_label import read_per_label
from bench.data.readers.rated import read_rated
from bench.data.readers.table import read_table
from bench.data.readers.tar import read_tar
from bench.data.toy import read_toy

_READERS: dict[str, Callable[[Any, Files, Opener], Iterator[Row]]] = {
    "lines": read_lines,
    "paired": read_paired,
    "parquet": read_parquet,
    "per_label": read_per_label,
    "rated": read_rated,
    "table": read_table,
    "tar": read_tar,
    "toy": read_toy,
}


def read_rows(layout: Layout, files: Files, open_file: Opener) -> Iterator[Row]:
    """All rows of all splits; `files` gives the files of each split, `open_file` their uncompressed bytes.

    Text and label are strings where the format has only those; Parquet may give anything, None included.
    """
    return _READERS[layout.reader](layout, files, open_file)
