"""Files that a kill or a power loss leaves whole: written beside their place, flushed, then renamed into it.

A process that is killed in between leaves a temporary `.name.xxxxxxxx`, which `temporaries` finds.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from bench.errors import StoreError

_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file: a reader sees the old one or the new one, always."""
    write_together(path.parent, {path.name: content})


def write_streamed(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """As `write_atomic`, of what `write` puts into the file that it is given: the content is never whole in memory."""
    try:
        make_folder(path.parent)
        temporary = temporary_beside(path)
        try:
            with temporary.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; free space or choose another --store") from error


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files of one folder, the last of which is what makes the others count.

    All are on disk before the first gets its name, so that a full disk changes nothing. Where there are others, an old
    last one goes before and the new one comes after them: nobody ever sees it beside files that are not its own.
    """
    *others, last = files
    staged: dict[str, Path] = {}
    try:
        make_folder(folder)
        try:
            # First phase: all content is written, under names that no reader looks for; whatever fails here (no space,
            # a kill) leaves what stood in the folder.
            for name, content in files.items():
                staged[name] = temporary_beside(folder / name)
                with staged[name].open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                staged[name].chmod(0o644)
            # Second phase: names alone change. Each step is flushed before the next, as a disk may keep them in any
            # order: after a power loss a new `last` beside old files would pass for a whole result.
            if others:
                (folder / last).unlink(missing_ok=True)
                sync_folder(folder)
            for name in others:
                staged.pop(name).replace(folder / name)
            if others:
                sync_folder(folder)
            staged.pop(last).replace(folder / last)
            sync_folder(folder)
        finally:
            for temporary in staged.values():
                temporary.unlink(missing_ok=True)
    except OSError as error:
        where = folder / (last if not others else "")
        raise StoreError(f"cannot write {where}: {error.strerror}; free space or choose another --store") from error


def temporary_beside(path: Path) -> Path:
    """A new empty file on the same disk, so that it can be renamed to `path`."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    return Path(name)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; their names are on disk as well."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)


def move_folder(source: Path, target: Path) -> None:
    """Flush a folder and rename it to `target`, which is not there yet; from another file system it is copied first."""
    make_folder(target.parent)
    _sync_tree(source)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_folder(source, target)
        shutil.rmtree(source, ignore_errors=True)
    sync_folder(target.parent)


def _copy_folder(source: Path, target: Path) -> None:
    beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        shutil.copytree(source, beside, dirs_exist_ok=True)
        _sync_tree(beside)
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _sync_tree(folder: Path) -> None:
    """Flush every file and folder below, the folder last."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync_folder(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder, or a file, to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporaries(folder: Path) -> list[Path]:
    """What writes that were killed, or are under way, have left right in a folder."""
    return sorted(path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)) if folder.is_dir() else []


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
