"""The store: one folder a run, written whole or not at all, and the artifacts and prepared data beside them.

Layout: `results/<run_id>/` holds `result.json`, `predictions.npz`, `samples.npz` and `log.txt`; beside `results` lie
`artifacts/<hash>/`, `keys/<artifact key>.json`, `checkpoints/<artifact key>/` (trainings under way), `prepared/<key>/`,
`searches/<study>.db` with its summary `.json`, `auto/<question>.json`, `measuring/` (the session under way), `work/`,
`locks/` (who makes what, who measures), and `aside/`, where the doctor puts what is damaged. A published folder has
`splits/`, to which the predictions refer for ids and labels.
`result.json` is the last file of a run to appear: a folder without it is no result.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy.typing as npt

from bench.arrays import Arrays, check_predictions, packed, read_arrays
from bench.artifact import adopt, is_intact
from bench.durable import remove, temporaries, write_atomic, write_together
from bench.errors import (
    BenchError,
    NewerVersionError,
    StoreError,
    StoreInUseError,
    did_you_mean,
    one_line,
    warn_skipped,
)
from bench.identity import slug
from bench.locks import Note, hold, holders, share
from bench.packed_probabilities import unpack
from bench.redact import publishable, without_paths
from bench.schema import Result, parse
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import restore


class Store:
    """Results, artifacts and prepared data under one folder.

    That is the whole of it for a store that is a folder. Of one behind a URL (`bench/shared/`) the folder is the place
    to work in on this machine: what others have made is brought into it, what is made here is sent.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = str(root)
        """As a user names it."""
        self.results = root / "results"
        self.artifacts = root / "artifacts"
        self.keys = root / "keys"
        self.prepared = root / "prepared"
        self.work = root / "work"
        self.checkpoints = root / "checkpoints"
        self.measuring = root / "measuring"
        self.cache = root / "cache"
        self.searches = root / "searches"
        self.auto = root / "auto"
        self.aside = root / "aside"
        self.locks = root / "locks"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Have the store for oneself: refused, with the processes, while another command writes to it.

        The kernel releases this lock, as all others here, with the process, however that ends.
        """
        with self._held("lock"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write beside other commands, each run claimed by one of them; refused where one has the store for itself.

        The first of them removes what killed commands have left.
        """
        with ExitStack() as stack:
            with self._held("locks/entrance", wait=lambda _: None):  # the next one looks once this one has swept
                try:
                    descriptor = stack.enter_context(self._held("lock"))
                except StoreInUseError:
                    stack.enter_context(self._held("lock", shared=True))
                else:
                    self.sweep()
                    if not share(descriptor):
                        raise StoreInUseError(self._in_use(f"in use by {holders(self.root / 'lock')}"))
            yield

    @contextmanager
    def claim(self, artifact_key: str, wait: Note | None = None) -> Iterator[None]:
        """Make that artifact and its rows while no other command does; refused, or waited for, where one is at it."""
        with hold(self.locks / f"claim-{artifact_key}", wait=wait, removed=True):
            yield

    def confirm(self, artifact_key: str) -> None:
        """A claim that this process has is its own for as long as it lives; a lease may be lost before."""

    @contextmanager
    def _held(self, name: str, shared: bool = False, wait: Note | None = None) -> Iterator[int]:
        with ExitStack() as stack:
            try:
                descriptor = stack.enter_context(hold(self.root / name, shared, wait))
            except StoreInUseError as error:
                raise StoreInUseError(self._in_use(str(error))) from None
            except OSError as error:
                raise StoreError(
                    f"cannot write to the store {self.place}: {error.strerror}; choose another --store"
                ) from error
            yield descriptor

    def _in_use(self, by: str) -> str:
        return f"store {self.place} is {by}; wait for it or choose another --store"

    def refresh(self, run_ids: Collection[str] | None = None) -> None:
        """Look again at what others may have stored, all runs or these; a folder is read as it is."""

    def fetch(self, run_ids: Collection[str]) -> None:
        """Have all files of these runs here."""

    def folder(self, run_id: str) -> Path:
        """Where the files of a run lie."""
        return self.results / run_id

    def file(self, run_id: str, name: str) -> Path:
        """A file of a run, as far as it has one."""
        return self.folder(run_id) / name

    def run_ids(self) -> list[str]:
        """All runs with a result, sorted, readable or not."""
        if not self.results.is_dir():
            return []
        return sorted(e.name for e in os.scandir(self.results) if e.is_dir() and Path(e.path, "result.json").is_file())

    def read(self, run_id: str) -> Result:
        """The result of a run that has one; a `BenchError` in one line where it cannot be read or is another run's."""
        path = self.file(run_id, "result.json")
        try:
            result = parse(path.read_bytes(), str(path))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: unreadable: {one_line(error)}") from error
        if result.run_id != run_id:
            raise StoreError(f"{path}: its run_id is '{one_line(result.run_id)}', not the name of its folder")
        return result

    def find(self, run_id: str) -> Result | None:
        """The result of a run; None where there is none, and with a warning where it cannot be read."""
        if Path(run_id).name != run_id:  # no path leads out of the store
            return None
        try:
            return self.read(run_id)
        except BenchError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                warn_skipped("result", error)
            return None

    def read_all(self, datasets: Collection[str] | None = None) -> Iterator[Result]:
        """Every result, or those of some data sets; one that cannot be read is skipped with a warning."""
        named = None if datasets is None else [f"-{slug(name)}-s" for name in datasets]  # as run ids are made
        asked = (run for run in self.run_ids() if named is None or any(part in run for part in named))
        found = (result for run_id in asked if (result := self.find(run_id)) is not None)
        return (result for result in found if datasets is None or result.data.dataset in datasets)

    def result(self, run_id: str) -> Result:
        """The result of a run; an unknown one is an error with the nearest right name."""
        if Path(run_id).name != run_id or not self.file(run_id, "result.json").is_file():
            raise BenchError(f"no result '{run_id}' in {self.place}: {did_you_mean(run_id, self.run_ids())}")
        return self.read(run_id)

    def is_newer(self, run_id: str) -> bool:
        """Whether newer software has stored that run: its row cannot be read here, and is not ours to replace."""
        try:
            self.read(run_id)
        except BenchError as error:
            return isinstance(error, NewerVersionError)
        return False

    def put(
        self,
        result: Result,
        predictions: Arrays | None = None,
        samples: Arrays | None = None,
        log: bytes | None = None,
        private: Iterable[Path] = (),
    ) -> None:
        """Store a run: its arrays first, `result.json` last. Paths, the `private` ones among them, are cut to names."""
        self.confirm(result.identity.artifact_key)
        paths = (self.root, *private)
        files: dict[str, bytes] = {}
        if predictions is not None:
            files["predictions.npz"] = packed(predictions)
        if samples is not None:
            files["samples.npz"] = packed(samples)
        if log is not None:
            files["log.txt"] = without_paths(log.decode(errors="replace"), paths).encode()
        files["result.json"] = publishable(result, paths).model_dump_json(indent=1).encode()
        self.write(result.run_id, files)

    def write(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Write files of a run, `result.json` last: all of them count, or none."""
        write_together(self.folder(run_id), files)

    def remove_run(self, run_id: str) -> None:
        """Remove a run; a kill in the middle leaves no result."""
        self.file(run_id, "result.json").unlink(missing_ok=True)
        remove(self.folder(run_id))

    def artifact(self, name: str) -> Path:
        """The folder of an artifact, by its hash, as far as it is there."""
        return self.artifacts / name

    def artifact_names(self, beginning: str = "") -> list[str]:
        """The hashes of all artifacts, or of those that begin so."""
        return sorted(path.name for path in self.artifacts.glob(f"{beginning}*") if path.is_dir())

    def has_artifact(self, name: str) -> bool:
        """Whether it is there, altered or not."""
        return (self.artifacts / name).is_dir()

    def is_altered(self, name: str) -> bool:
        """Whether an artifact is there with another content than it is named by."""
        return self.has_artifact(name) and not self.is_intact(name)

    def is_intact(self, name: str) -> bool:
        """Whether an artifact is there, with the content that it is named by."""
        return is_intact(self.artifacts / name)

    def adopt(self, folder: Path) -> str:
        """Move a finished artifact into the store and return its hash; an `OSError` where it does not fit."""
        return adopt(folder, self.artifacts)

    def remove_artifact(self, name: str) -> None:
        """Remove an artifact."""
        remove(self.artifacts / name)

    def record(self, artifact_key: str) -> bytes | None:
        """The record of the training of that key, None where there is none."""
        path = self.keys / f"{artifact_key}.json"
        return path.read_bytes() if path.is_file() else None

    def records(self) -> dict[str, bytes]:
        """All of them, by key."""
        return {path.stem: path.read_bytes() for path in self.keys.glob("*.json")}

    def write_record(self, artifact_key: str, record: bytes) -> None:
        """Keep the record of a training."""
        write_atomic(self.keys / f"{artifact_key}.json", record)

    def remove_record(self, artifact_key: str) -> None:
        """Forget a training."""
        (self.keys / f"{artifact_key}.json").unlink(missing_ok=True)

    def arrays(self, run_id: str, name: str) -> dict[str, npt.NDArray[Any]]:
        """The arrays of `predictions` or `samples` of a run, empty where it has none; damaged ones with a warning."""
        if not self.file(run_id, f"{name}.npz").is_file():
            return {}
        try:
            return self._arrays(run_id, name)
        except StoreError as error:
            warn_skipped("file", error)
            return {}

    def damaged(self, result: Result) -> dict[str, StoreError]:
        """Which arrays of a result, `predictions` or `samples`, are gone or cannot be read, and why."""
        needed = {"predictions": result.quality or result.validation, "samples": result.measurement}
        errors: dict[str, StoreError] = {}
        for name in (name for name, block in needed.items() if block is not None):
            try:
                self._arrays(result.run_id, name)
            except StoreError as error:
                errors[name] = error
        return errors

    def _arrays(self, run_id: str, name: str) -> dict[str, npt.NDArray[Any]]:
        path = self.file(run_id, f"{name}.npz")
        if name != "predictions":
            return read_arrays(path)
        arrays = restore(self.root / SPLITS, unpack(path, read_arrays(path)))
        check_predictions(path, arrays)
        return arrays

    def sweep(self) -> None:
        """Remove what killed commands left half done; for the one that has the store for itself."""
        remove(self.work)
        for claim in self.locks.glob("claim-*"):
            with suppress(StoreInUseError), hold(claim, removed=True):
                pass
        runs = self.results.iterdir() if self.results.is_dir() else ()
        for folder in (self.results, self.artifacts, self.keys, *runs):
            for temporary in temporaries(folder):
                remove(temporary)
