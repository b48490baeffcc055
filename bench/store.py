"""The store: one folder a run, written whole or not at all, and the artifacts and prepared data beside them.

Layout: `results/<run_id>/` holds `result.json`, `predictions.npz`, `samples.npz` and `log.txt`; beside `results` lie
`artifacts/<hash>/`, `keys/<artifact key>.json`, `checkpoints/<artifact key>/` (trainings under way), `prepared/<key>/`,
`searches/<study>.db` with its summary `.json`, and `work/`. `result.json` is the last file of a run to appear: a folder
without it is no result.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError, StoreError, StoreInUseError, did_you_mean
from bench.redact import publishable, without_paths
from bench.schema import Result, migrate, parse

Arrays = Mapping[str, npt.NDArray[Any]]


def write_atomic(path: Path, content: bytes) -> None:
    """Write and flush beside `path`, then rename: a reader sees the old file or the new one, always."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; free space or choose another --store") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_arrays(path: Path, arrays: Arrays, compressed: bool = True) -> None:
    """An `.npz`, written as `write_atomic` does."""
    with tempfile.SpooledTemporaryFile(max_size=1 << 28) as buffer:
        (np.savez_compressed if compressed else np.savez)(buffer, allow_pickle=False, **dict(arrays))
        buffer.seek(0)
        write_atomic(path, buffer.read())


class Store:
    """Results, artifacts and prepared data under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results = root / "results"
        self.artifacts = root / "artifacts"
        self.keys = root / "keys"
        self.prepared = root / "prepared"
        self.work = root / "work"
        self.checkpoints = root / "checkpoints"
        self.cache = root / "cache"
        self.searches = root / "searches"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one command writes to a store at a time; the second is refused with the process id of the first."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            file = (self.root / "lock").open("a+")
        except OSError as error:
            raise StoreError(
                f"cannot write to the store {self.root}: {error.strerror}; choose another --store"
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise StoreInUseError(
                    f"store {self.root} is in use by process {file.read().strip() or 'unknown'}; "
                    "wait for it or choose another --store"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def folder(self, run_id: str) -> Path:
        """Where the files of a run lie."""
        return self.results / run_id

    def run_ids(self) -> list[str]:
        """All runs with a result, sorted."""
        if not self.results.is_dir():
            return []
        return sorted(e.name for e in os.scandir(self.results) if e.is_dir() and Path(e.path, "result.json").is_file())

    def documents(self) -> Iterator[dict[str, Any]]:
        """Every result as a plain document; a corrupt one is skipped with a warning, a newer one refused."""
        for run_id in self.run_ids():
            path = self.folder(run_id) / "result.json"
            try:
                document = json.loads(path.read_bytes())
            except (OSError, ValueError):
                warnings.warn(f"corrupt result skipped: {path}; delete its folder and run it again", stacklevel=2)
                continue
            yield migrate(document, str(path))

    def find(self, run_id: str) -> Result | None:
        """The validated result of a run, None where there is none or it is corrupt."""
        path = self.folder(run_id) / "result.json"
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        return parse(document, str(path))

    def result(self, run_id: str) -> Result:
        """The validated result of a run; an unknown one is an error with the nearest right name."""
        found = self.find(run_id)
        if found is None:
            raise BenchError(f"no readable result '{run_id}' in {self.results}: {did_you_mean(run_id, self.run_ids())}")
        return found

    def put(
        self,
        result: Result,
        predictions: Arrays | None = None,
        samples: Arrays | None = None,
        log: Path | None = None,
        private: Iterable[Path] = (),
    ) -> None:
        """Store a run: its arrays first, `result.json` last. Paths, the `private` ones among them, are cut to names."""
        folder = self.folder(result.run_id)
        paths = (self.root, *private)
        if predictions is not None:
            write_arrays(folder / "predictions.npz", predictions)
        if samples is not None:
            write_arrays(folder / "samples.npz", samples)
        if log is not None and log.is_file():
            write_atomic(folder / "log.txt", without_paths(log.read_text(errors="replace"), paths).encode())
        write_atomic(folder / "result.json", publishable(result, paths).model_dump_json(indent=1).encode())

    def arrays(self, run_id: str, name: str) -> dict[str, npt.NDArray[Any]]:
        """The arrays of `predictions` or `samples` of a run, empty where it has none."""
        path = self.folder(run_id) / f"{name}.npz"
        if not path.is_file():
            return {}
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    def clear_work(self) -> None:
        """Remove what a killed command left half done."""
        shutil.rmtree(self.work, ignore_errors=True)
