"""The raw results beside a report, so that every number in it can be recomputed from one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.board.row import Row
from bench.board.rows import counted
from bench.errors import BenchError, StoreError
from bench.store import Store

RAW = ("result.json", "predictions.npz", "samples.npz")


@dataclass(frozen=True)
class Copied:
    """What `copy_results` did."""

    runs: int
    foreign: tuple[str, ...]
    """Runs in the folder that are not of this store; they stay as they are."""


def published_ids(all_rows: list[Row]) -> set[str]:
    """The runs that count, and the parents and teachers that they name, superseded or not."""
    by_id = {row.run_id: row for row in all_rows}
    needed: set[str] = set()
    todo: list[str | None] = [row.run_id for row in counted(all_rows)]
    while todo:
        run_id = todo.pop()
        if run_id is None or run_id in needed or run_id not in by_id:
            continue
        needed.add(run_id)
        todo += [by_id[run_id].parent_run_id, by_id[run_id].teacher_run_id]
    return needed


def copy_results(store: Store, run_ids: Iterable[str], out: Path) -> Copied:
    """Copy the raw files of those runs to `out/results/<run_id>/`; earlier copies of other runs of this store go.

    What came from another store stays: it may be the only copy.
    """
    target = out / "results"
    if target.resolve() == store.results.resolve():
        raise BenchError(f"--out {out} is the store itself; choose another folder for the report")
    needed, own = set(run_ids), set(store.run_ids())
    try:
        for run_id in sorted(needed):
            _copy(store.folder(run_id), target / run_id)
        present = {path.name for path in target.iterdir() if path.is_dir()} if target.is_dir() else set()
        for run_id in (present & own) - needed:
            shutil.rmtree(target / run_id)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}; free space or choose another --out") from error
    return Copied(len(needed), tuple(sorted(present - own)))


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in RAW:
        if not (source / name).is_file():
            (target / name).unlink(missing_ok=True)
        elif not _same(source / name, target / name):
            shutil.copy2(source / name, target / name)


def _same(source: Path, target: Path) -> bool:
    """By size and time of change, which a copy keeps."""
    if not target.is_file():
        return False
    before, now = target.stat(), source.stat()
    return before.st_size == now.st_size and before.st_mtime_ns == now.st_mtime_ns
