"""The progress bar while a file is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from serving.batch import Count


@contextmanager
def bar(source: Path | None) -> Iterator[Callable[[Count], None]]:
    """A bar over the rows on standard error, where that is a terminal; the total is known of Parquet and of lines."""
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("scoring", total=_rows(source) if console.is_terminal else None)
        yield lambda count: progress.update(task, completed=count.rows)


def _rows(source: Path | None) -> int | None:
    """Rows of a Parquet file, lines of any other (records with line breaks make it a little high); None for a pipe."""
    if source is None or not source.is_file():
        return None
    if source.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(source).num_rows)
    with source.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
