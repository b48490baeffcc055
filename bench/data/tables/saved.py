"""A folder that `datasets` has saved: one data set, or one folder a split."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.data.tables.arrow import arrow_table, class_names
from bench.data.tables.table import Table, Values
from bench.errors import DataError

SPLITS, STATE = "dataset_dict.json", "state.json"
SPLIT = "split"
"""The column that tells the folder."""


def is_saved(path: Path) -> bool:
    """Whether `datasets` has saved something there."""
    return (path / SPLITS).is_file() or (path / STATE).is_file()


def saved_files(path: Path) -> list[tuple[str | None, Path]]:
    """The Arrow files with the split of each, None where there are none, as the folder's own lists have them."""
    if not (path / SPLITS).is_file():
        return [(None, file) for file in _listed(path)]
    splits = _read(path / SPLITS).get("splits", [])
    return [(split, file) for split in splits for file in _listed(path / Path(split).name)]


def saved_table(path: Path) -> Table:
    """All rows; of several splits with a column `split`, where there is none of that name."""
    files = saved_files(path)
    if not files:
        raise DataError(f"{path}: lists no data files; save it again with `save_to_disk`")
    schema = _rows(files[0][1]).schema
    splits = files[0][0] is not None and SPLIT not in schema.names
    names = [*schema.names, *([SPLIT] if splits else [])]

    def pick(columns: Sequence[int]) -> Iterator[Values]:
        for split, file in files:
            table = _rows(file)
            values = [
                [split] * len(table) if splits and i == len(names) - 1 else table.column(i).to_pylist() for i in columns
            ]
            yield from zip(*values, strict=True)

    return Table(names, pick, codes=class_names(schema.metadata))


def _listed(folder: Path) -> list[Path]:
    return [folder / Path(str(file["filename"])).name for file in _read(folder / STATE).get("_data_files", [])]


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not JSON'}") from None
    return value if isinstance(value, dict) else {}


def _rows(path: Path) -> Any:
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as content:
            return arrow_table(content)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not readable as Arrow: {str(error).splitlines()[0]}") from None
