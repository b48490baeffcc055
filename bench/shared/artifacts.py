"""Artifacts of a shared store: worked on in a folder here, sent when they are done, fetched when they are needed.

`artifacts/<hash>/` holds the files of one, `whole/<hash>` says that all of them are there.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.artifact import adopt, artifact_files, is_intact
from bench.errors import StoreError
from bench.shared.objects import Objects


class Artifacts:
    """Those of `objects`, by their content hashes; `here` are those of this machine."""

    def __init__(self, objects: Objects, here: Path, work: Path) -> None:
        self._objects, self._here, self._work = objects, here, work
        self._names: set[str] | None = None
        """As they were listed, while a command plans."""
        self._records: set[str] | None = None

    def look(self) -> None:
        """Ask what there is by one listing, which holds until `look_again`."""
        self._names = self.names()
        self._records = {Path(path).stem for path in self._objects.paths("keys")}

    def look_again(self) -> None:
        """Ask for each one anew."""
        self._names = self._records = None

    def names(self) -> set[str]:
        """The hashes of those that are whole there."""
        return {Path(path).name for path in self._objects.paths("whole")}

    def has(self, name: str) -> bool:
        """Whether it is there."""
        if self._names is not None:
            return name in self._names
        return bool(name) and self._objects.content(f"whole/{name}") is not None

    def send(self, name: str) -> None:
        """Store it there; a path below its hash has one content, whoever makes it."""
        folder = self._here / name
        there = set(self._objects.paths(f"artifacts/{name}"))
        for file in artifact_files(folder):
            path = f"artifacts/{name}/{file.relative_to(folder).as_posix()}"
            if path not in there:
                self._objects.put_if(path, file, "create")
        self._objects.put(f"whole/{name}", b"")
        if self._names is not None:
            self._names.add(name)

    def fetch(self, name: str) -> Path:
        """Its folder here, brought where it is needed and there; a `StoreError` where it is not whole."""
        folder = self._here / name
        if is_intact(folder):
            return folder
        if name and (paths := self._objects.paths(f"artifacts/{name}")):
            self._work.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="fetch-", dir=self._work) as temporary:
                whole = Path(temporary, name)
                for path in paths:
                    file = whole / Path(path).relative_to(f"artifacts/{name}")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(self._objects.content(path) or b"")
                if not is_intact(whole):
                    raise StoreError(
                        f"the artifact {name[:12]}… in {self._objects.place} is damaged: remove its run "
                        "there (`bench rm`) and make it again"
                    )
                adopt(whole, self._here)
        return folder

    def remove(self, name: str) -> None:
        """Remove it there."""
        self._objects.delete(f"whole/{name}")
        self._objects.delete(*self._objects.paths(f"artifacts/{name}"))

    def record(self, key: str) -> bytes | None:
        """The record of a training there."""
        if self._records is not None and key not in self._records:
            return None
        return self._objects.content(f"keys/{key}.json")

    def records(self) -> dict[str, bytes]:
        """All records there, by key."""
        found = {Path(path).stem: self._objects.content(path) for path in self._objects.paths("keys")}
        return {key: content for key, content in found.items() if content is not None}

    def write_record(self, key: str, record: bytes) -> None:
        """Keep a record there."""
        self._objects.put(f"keys/{key}.json", record)

    def remove_record(self, key: str) -> None:
        """Remove a record there."""
        self._objects.delete(f"keys/{key}.json")

    def send_split(self, file: Path) -> None:
        """Store the ids and labels of a published split; there is one content of that name."""
        self._objects.put_if(f"{file.parent.name}/{file.name}", file, "create")

    def fetch_split(self, file: Path) -> None:
        """Have them here."""
        content = None if file.is_file() else self._objects.content(f"{file.parent.name}/{file.name}")
        if content is not None:
            write_here(file, content)


def write_here(path: Path, content: bytes) -> None:
    """Write a copy of what is stored elsewhere, whole or not at all; a power loss may take it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
