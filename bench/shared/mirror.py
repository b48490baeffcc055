"""The results of a shared store as they were last seen: copies in a folder, and which version each is of."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.durable import write_atomic
from bench.locks import hold
from bench.shared.artifacts import write_here
from bench.shared.remote import RESULT

GONE = "-"


class Mirror:
    """Copies below `results`; `versions` is a line for each change, of which the last one of a run holds."""

    def __init__(self, root: Path) -> None:
        self.results = root / "results"
        self._versions, self._lock = root / "versions", root / "locks" / "mirror"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One thread of one command on this machine at a time."""
        with hold(self._lock, wait=lambda _: None):
            yield

    def known(self) -> dict[str, str]:
        """Version by run; a line that a kill has cut off is as if it was not there."""
        try:
            lines = self._versions.read_text().splitlines()
        except FileNotFoundError:
            return {}
        read = dict(line.split(" ", 1) for line in lines if line.count(" ") == 1)
        found = {run_id: version for run_id, version in read.items() if version != GONE}
        if len(lines) > 2 * len(found) + 1000:
            write_atomic(self._versions, "".join(f"{run_id} {found[run_id]}\n" for run_id in found).encode())
        return found

    def keep(self, run_id: str, version: str, files: Mapping[str, bytes]) -> None:
        """Have these files of a run, of which others have changed as well when its result has."""
        folder = self.results / run_id
        if RESULT in files and not (folder / RESULT).is_file():
            shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            write_here(folder / name, content)
        self._note([f"{run_id} {version}\n"])

    def replace(self, run_id: str, version: str, result: bytes) -> None:
        """Another result than the one that was known: the other files of the run may have changed as well."""
        shutil.rmtree(self.results / run_id, ignore_errors=True)
        self.keep(run_id, version, {RESULT: result})

    def forget(self, run_ids: Iterable[str]) -> None:
        """These have no result any more."""
        gone = list(run_ids)
        for run_id in gone:
            shutil.rmtree(self.results / run_id, ignore_errors=True)
        self._note([f"{run_id} {GONE}\n" for run_id in gone])

    def _note(self, lines: list[str]) -> None:
        if lines:
            self._versions.parent.mkdir(parents=True, exist_ok=True)
            with self._versions.open("a") as file:
                file.write("".join(lines))
