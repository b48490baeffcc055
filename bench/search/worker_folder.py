"""A folder of its own for each process that searches, held by a lock that the kernel releases with the process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bench.errors import StoreError

LOCK = "lock"


@contextmanager
def worker_folder(searches: Path) -> Iterator[Path]:
    """`searches/work/<name>`, removed at the end; what killed processes left there goes as well.

    A search does not hold the store's lock, so that several may work at once beside `bench run`.
    """
    try:
        (searches / "work").mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{os.getpid()}-", dir=searches / "work"))
        (made / LOCK).touch()
        held = _take(made)
        folder = made.rename(made.with_name(made.name[1:]))  # locked before anybody looks at it
    except OSError as error:
        raise StoreError(f"cannot write to {searches}: {error.strerror}; choose another --store") from error
    try:
        assert held is not None  # a new folder is nobody else's
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            held.release()


def is_dead(searches: Path, name: str) -> bool | None:
    """Whether the process of that folder has ended; None where this store cannot tell, as of another machine."""
    held = _take(searches / "work" / name)
    if held is None:
        return False if (searches / "work" / name).is_dir() else None
    held.release()
    return True


def remove_leftovers(searches: Path) -> None:
    """Remove the folders of processes that have ended, once their trials have been given up."""
    for folder in (searches / "work").glob("[!.]*-*"):
        if is_dead(searches, folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _take(folder: Path) -> FileLock | None:
    """The lock of a folder, None where it is held or there is none."""
    if not (folder / LOCK).is_file():
        return None
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


@contextmanager
def one_at_a_time(searches: Path, name: str) -> Iterator[None]:
    """Wait for the lock of that name and hold it: a database file is made by one process."""
    searches.mkdir(parents=True, exist_ok=True)
    with FileLock(searches / f".{name}.lock"):
        yield
