"""A data set of the Hugging Face hub, by its pinned revision, written as its published files are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.data.manifest import Entry, Hub, Layout, LinesLayout, ParquetLayout, TableLayout
from bench.errors import DataError
from bench.requirements import install_command


def from_hub(found: Entry, folder: Path) -> None:
    """Download all splits and write the files of the entry (or of its `fetched` layout) below `folder`."""
    assert found.hub is not None
    try:
        import datasets
    except ImportError:
        raise DataError(
            f"to fetch '{found.name}' the package 'datasets' is needed: {install_command('datasets')}"
        ) from None
    for split, theirs in found.hub.splits.items():
        rows = _rows(_load(datasets, found.name, found.hub, theirs), found.hub)
        if found.fetched is not None:
            layout, files = found.fetched.layout, found.fetched.files[split]
        else:
            layout, files = found.layout, found.splits[split].files
        path = folder / files[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, layout, rows)


def _load(datasets: Any, name: str, hub: Hub, split: str) -> Any:
    try:
        return datasets.load_dataset(hub.repo, hub.config, split=split, revision=hub.revision)
    except Exception as error:  # the hub's client raises whatever its many layers do
        first = (str(error).splitlines() or [""])[0][:200]
        raise DataError(
            f"cannot fetch '{name}' from the hub ({hub.repo} at {hub.revision[:8]}): {type(error).__name__}: {first}; "
            "check the network and run the same command again: what is complete is not downloaded twice"
        ) from None


def _rows(data: Any, hub: Hub) -> Iterator[tuple[str, str]]:
    for batch in data.iter(batch_size=1000):
        for text, label in zip(batch[hub.text_column], batch[hub.label_column], strict=True):
            yield text, hub.labels[label]


def _write(path: Path, layout: Layout, rows: Iterator[tuple[str, str]]) -> None:
    """The rows in a layout, byte for byte as its publisher writes it."""
    if isinstance(layout, ParquetLayout):
        _write_parquet(path, layout, rows)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if isinstance(layout, TableLayout):
            file.write(f"{layout.text_column}{layout.delimiter}{layout.label_column}\n")
            separator = layout.delimiter
        else:
            assert isinstance(layout, LinesLayout)
            separator = layout.separator
        for text, label in rows:
            file.write(f"{text}{separator}{label}\n")


def _write_parquet(path: Path, layout: ParquetLayout, rows: Iterator[tuple[str, str]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts, labels = zip(*rows, strict=True)
    table = {layout.text_column: pa.array(texts, pa.large_string()), layout.label_column: pa.array(labels)}
    pq.write_table(pa.table(table), path, compression="zstd")
