"""The content hash of an artifact's folder, which is also its name."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from bench.errors import BenchError

PREFIX = 16
"""Digits of an artifact's hash that stand for it in the key of what was made of it."""


def artifact_files(folder: Path) -> list[Path]:
    """Every file below `folder`, sorted by relative path; links are refused, as their content is elsewhere."""
    if not folder.is_dir() or folder.is_symlink():
        raise BenchError(f"no artifact folder at {folder}; train the run again")
    found = []
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BenchError(
                f"{path} is a link or a special file; an artifact holds plain files only, copy the content in"
            )
        if path.is_file():
            found.append(path)
    return sorted(found, key=lambda path: os.fsencode(path.relative_to(folder).as_posix()))


def folder_hash(folder: Path) -> str:
    """SHA-256 in hex of the sorted relative paths and contents of a folder's files; times and modes do not count."""
    total = hashlib.sha256()
    for path in artifact_files(folder):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        # A path holds no NUL and a digest has a fixed length, so no two folders give the same bytes here.
        total.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0" + content)
    return total.hexdigest()


def adopt(folder: Path, artifacts: Path) -> str:
    """Move a finished artifact to `artifacts/<hash>`, flushed to disk first, and return the hash."""
    files = artifact_files(folder)
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    name = folder_hash(folder)
    artifacts.mkdir(parents=True, exist_ok=True)
    if (artifacts / name).is_dir() and not is_intact(artifacts / name):
        shutil.rmtree(artifacts / name)
    if not (artifacts / name).is_dir():
        folder.rename(artifacts / name)
    return name


_verified: dict[Path, list[tuple[Path, int, int]]] = {}
"""Folders that held what their names say, with path, size and time of change of each file."""


def is_intact(folder: Path) -> bool:
    """Whether the folder still holds what its name says; one that was looked at is read again where a file changed."""
    try:
        found = [(p, p.stat().st_size, p.stat().st_ctime_ns) for p in artifact_files(folder)]
        if _verified.get(folder) == found:
            return True
        if folder_hash(folder) != folder.name:
            return False
    except BenchError:
        return False
    _verified[folder] = found
    return True
