"""The raw results beside a report, so that every number in it can be recomputed from one folder."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.arrays import Arrays, write_arrays
from bench.board.row import Row
from bench.board.rows import counted
from bench.durable import write_atomic
from bench.errors import BenchError, StoreError
from bench.packed_probabilities import pack
from bench.search.summary import summaries
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import remove_unused, share
from bench.store import Store

RAW = ("result.json", "predictions.npz", "samples.npz")


@dataclass(frozen=True)
class Copied:
    """What `copy_results` did."""

    runs: int
    foreign: tuple[str, ...]
    """Runs in the folder that are not of this store; they stay as they are."""


def published_rows(all_rows: list[Row]) -> list[Row]:
    """The runs that count, and the parents, teachers and members that they name, superseded or not."""
    by_id = {row.run_id: row for row in all_rows}
    needed: set[str] = set()
    todo: list[str | None] = [row.run_id for row in counted(all_rows)]
    while todo:
        run_id = todo.pop()
        if run_id is None or run_id in needed or run_id not in by_id:
            continue
        needed.add(run_id)
        row = by_id[run_id]
        todo += [row.parent_run_id, row.teacher_run_id, *row.member_run_ids]
    return [row for row in all_rows if row.run_id in needed]


def copy_results(store: Store, published: Iterable[Row], out: Path) -> Copied:
    """Copy the raw files of those runs to `out/results/<run_id>/`; earlier copies of other runs of this store go.

    What came from another store stays: it may be the only copy.
    """
    target = out / "results"
    if target.resolve() == store.results.resolve():
        raise BenchError(f"--out {out} is the store itself; choose another folder for the report")
    needed, own = {row.run_id: row for row in published}, set(store.run_ids())
    store.fetch(needed)
    try:
        for run_id, row in sorted(needed.items()):
            _copy(store, row, target / run_id)
        present = {path.name for path in target.iterdir() if path.is_dir()} if target.is_dir() else set()
        for run_id in (present & own) - needed.keys():
            shutil.rmtree(target / run_id)
        remove_unused(out / SPLITS, target.glob("*/predictions.npz"))
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}; free space or choose another --out") from error
    return Copied(len(needed), tuple(sorted(present - own)))


def _copy(store: Store, row: Row, target: Path) -> None:
    """The ids and labels of its split go beside `results`, once for all runs; probabilities are packed.

    LZMA takes a fifth less of samples than a zip's usual method, and longer: a folder is published once.
    """
    source = store.folder(row.run_id)
    target.mkdir(parents=True, exist_ok=True)
    for name in RAW:
        if not (source / name).is_file():
            (target / name).unlink(missing_ok=True)
        elif (source / name).stat().st_mtime_ns == _changed(target / name):
            continue
        elif arrays := _published_arrays(store, row, name, target):
            write_arrays(target / name, arrays, zipfile.ZIP_LZMA)
            shutil.copystat(source / name, target / name)
        else:
            shutil.copy2(source / name, target / name)


def _published_arrays(store: Store, row: Row, name: str, target: Path) -> Arrays:
    """Of a file of arrays, as they are published; none of another file, or of one that cannot be read."""
    arrays = {} if name == "result.json" else store.arrays(row.run_id, Path(name).stem)
    if arrays and name == "predictions.npz":
        return pack(share(target.parent.parent / SPLITS, row.data, arrays))
    return arrays


def _changed(path: Path) -> int | None:
    """When, in ns, which a copy keeps; None for no file."""
    return path.stat().st_mtime_ns if path.is_file() else None


def copy_summaries(store: Store, out: Path) -> list[str]:
    """The searches beside the report, so that its numbers can be checked, and their studies; other stores' stay."""
    studies = [summary.study for summary in summaries(store.searches)]
    for study in studies:
        name = f"{study}.json"
        try:
            content = (store.searches / name).read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read {store.searches / name}: {error.strerror}; search again") from error
        write_atomic(out / "searches" / name, content)
    return studies
