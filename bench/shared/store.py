"""A store behind a URL: its results and artifacts are on a server, the folder is where this machine works."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.arrays import read_arrays
from bench.errors import BenchError, StoreInUseError
from bench.locks import Note
from bench.shared.artifacts import Artifacts, write_here
from bench.shared.lease import Lease, leased
from bench.shared.mirror import Mirror
from bench.shared.remote import RESULT, Remote
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import references
from bench.store import Store

AT_ONCE = 8
"""Runs whose files are fetched together."""


class SharedStore(Store):
    """Results are read from copies: all are compared by one question to the server, those that changed are brought.

    `lock` and `writing` are among the commands of this machine; between machines each run is claimed by a lease.
    """

    def __init__(self, root: Path, remote: Remote) -> None:
        super().__init__(root)
        self.place, self._remote = remote.place, remote
        self._mirror = Mirror(root)
        self._kept = Artifacts(remote.artifacts, self.artifacts, self.work)
        self._claims: dict[str, Lease] = {}
        self._is_current = False
        """Whether all runs were looked at: then a copy is read as it is, until it is asked to look again."""

    def refresh(self, run_ids: Collection[str] | None = None) -> None:
        """Bring what is new or has changed, and forget what is gone."""
        if run_ids is not None:
            if not self._are_copies(run_ids):
                with self._mirror.changing():
                    self._bring(run_ids)
            self._kept.look_again()
            return
        with self._mirror.changing():
            self._bring_all()
            self._kept.look()
            self._is_current = True

    def _are_copies(self, run_ids: Collection[str]) -> bool:
        """Whether what is here of these runs is what the server has. Nothing is locked or written to see that."""
        copies = {run_id: self.folder(run_id) / RESULT for run_id in run_ids}
        if not all(copy.is_file() for copy in copies.values()):
            return False
        there = {run_id: content for run_id, _, content in self._remote.documents(run_ids)}
        try:
            return all(copy.read_bytes() == there.get(run_id) for run_id, copy in copies.items())
        except FileNotFoundError:  # another command forgets it
            return False

    def _bring_all(self) -> None:
        there = {run_id: version for run_id, version in self._remote.versions().items() if _is_name(run_id)}
        known = self._mirror.known()
        here = {path.name for path in self.results.glob("*")} if self.results.is_dir() else set()
        self._mirror.forget((here | known.keys()) - there.keys())
        self._bring([run_id for run_id in there if known.get(run_id) != there[run_id] or run_id not in here])

    def _bring(self, run_ids: Collection[str]) -> None:
        found = set()
        for run_id, version, content in self._remote.documents(run_ids):
            found.add(run_id)
            copy = self.folder(run_id) / RESULT
            if not copy.is_file() or copy.read_bytes() != content:
                self._mirror.replace(run_id, version, content)
            else:
                self._mirror.keep(run_id, version, {})
        self._mirror.forget(run_id for run_id in run_ids if run_id not in found and self.folder(run_id).is_dir())

    def run_ids(self) -> list[str]:
        """All runs with a result, as they are now."""
        self.refresh()
        return super().run_ids()

    def file(self, run_id: str, name: str) -> Path:
        """A copy of it, brought if it was not yet."""
        path = super().file(run_id, name)
        if name == RESULT:
            if not self._is_current:
                self.refresh([run_id])
        elif not path.is_file() and self.file(run_id, RESULT).is_file():
            content = self._remote.file(run_id, name)
            if content is not None:
                write_here(path, content)
        if name == "predictions.npz" and path.is_file():
            for split in self._splits(path):
                self._kept.fetch_split(split)
        return path

    def _splits(self, predictions: Path) -> list[Path]:
        """What published predictions refer to."""
        with suppress(BenchError):
            return [self.root / SPLITS / f"{name}.npz" for name in references(read_arrays(predictions)).values()]
        return []

    def fetch(self, run_ids: Collection[str]) -> None:
        """The arrays that their results tell of."""
        asked = []
        for result in (found for run_id in run_ids if (found := self.find(run_id)) is not None):
            asked += [(result.run_id, "predictions.npz")] if result.quality or result.validation else []
            asked += [(result.run_id, "samples.npz")] if result.measurement else []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda one: self.file(*one), asked))

    def write(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """There first: what is here is a copy."""
        with self._mirror.changing():
            version = self._remote.write(run_id, files)
            self._mirror.keep(run_id, version, files)
        if "predictions.npz" in files:
            for split in self._splits(self.folder(run_id) / "predictions.npz"):
                self._kept.send_split(split)

    def remove_run(self, run_id: str) -> None:
        """There and here."""
        with self._mirror.changing():
            self._remote.remove(run_id)
            self._mirror.forget([run_id])

    def confirm(self, artifact_key: str) -> None:
        """A `StoreInUseError` where the claim that this process had was lost while it hung."""
        if (lease := self._claims.get(artifact_key)) is not None:
            lease.confirm()

    @contextmanager
    def claim(self, artifact_key: str, wait: Note | None = None) -> Iterator[None]:
        """By a lease, which a process that is dead or hangs loses after a minute."""
        try:
            with leased(self._remote, f"claim-{artifact_key}", wait) as lease:
                self._claims[artifact_key] = lease
                try:
                    yield
                finally:
                    del self._claims[artifact_key]
        except StoreInUseError as error:
            raise StoreInUseError(f"{self.place}: {error}") from None

    def sweep(self) -> None:
        """Of this machine, and the leases of the dead."""
        super().sweep()
        self._remote.sweep()

    def artifact(self, name: str) -> Path:
        """Its folder here, fetched where it was not."""
        return self._kept.fetch(name)

    def artifact_names(self, beginning: str = "") -> list[str]:
        """Those that the server has."""
        return sorted(name for name in self._kept.names() if name.startswith(beginning))

    def has_artifact(self, name: str) -> bool:
        """Whether the server has it."""
        return self._kept.has(name)

    def is_altered(self, name: str) -> bool:
        """A copy that was altered is fetched again."""
        return False

    def is_intact(self, name: str) -> bool:
        """Whether the server has it; its content is looked at when it is fetched."""
        return self.has_artifact(name)

    def adopt(self, folder: Path) -> str:
        """Sent as well."""
        name = super().adopt(folder)
        self._kept.send(name)
        return name

    def remove_artifact(self, name: str) -> None:
        """There and here."""
        self._kept.remove(name)
        super().remove_artifact(name)

    def record(self, artifact_key: str) -> bytes | None:
        """That of this machine, else the server's."""
        return super().record(artifact_key) or self._kept.record(artifact_key)

    def records(self) -> dict[str, bytes]:
        """Those of the server."""
        return self._kept.records()

    def write_record(self, artifact_key: str, record: bytes) -> None:
        """There and here."""
        self._kept.write_record(artifact_key, record)
        super().write_record(artifact_key, record)

    def remove_record(self, artifact_key: str) -> None:
        """There and here."""
        self._kept.remove_record(artifact_key)
        super().remove_record(artifact_key)


def _is_name(run_id: str) -> bool:
    """Whether it can be a folder's name: no path leads out of the store."""
    return Path(run_id).name == run_id and run_id not in (".", "..") and not set(run_id) & set(" \n\r\0")
