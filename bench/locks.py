"""Locks on files: the kernel releases them with the process that holds them, however that ends.

The file names who holds it. On a folder that machines share they hold between these as far as its file system has
`flock` (NFS since version 4, Lustre with `-o flock`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.errors import StoreInUseError

MOST_BYTES = 10_000
"""Of the names of those who have shared a lock; then they begin anew."""
Note = Callable[[str], None]
"""Receives the line that says who is waited for."""


@contextlib.contextmanager
def hold(path: Path, shared: bool = False, wait: Note | None = None, removed: bool = False) -> Iterator[int]:
    """Hold the lock of a file, alone or `shared` with others, and give its descriptor.

    Where others hold it, a `StoreInUseError` that names them; with `wait` that line is told instead, and they are
    waited for. The file is `removed` at the end where it is asked for: then by all who hold it.
    """
    descriptor = _taken(path, shared, blocking=False)
    if descriptor is None:
        busy = f"in use by {holders(path)}"
        if wait is None:
            raise StoreInUseError(busy)
        wait(busy)
        descriptor = _taken(path, shared, blocking=True)
    assert descriptor is not None
    try:
        _sign(descriptor, alone=not shared)
        yield descriptor
    finally:
        if removed:
            path.unlink(missing_ok=True)
        os.close(descriptor)


def share(descriptor: int) -> bool:
    """Let others in beside a holder that was alone; False where another one has taken it for itself in between."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holders(path: Path) -> str:
    """Who holds a lock, as far as its file tells and, of this machine's processes, as they live."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        lines = []
    here = f" on {socket.gethostname()}"
    named = dict.fromkeys(line.removesuffix(here) for line in lines if _lives(line))
    return " and ".join(named) or "process unknown"


def _taken(path: Path, shared: bool, blocking: bool) -> int | None:
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if blocking else fcntl.LOCK_NB)
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(descriptor, how)
            if _is(descriptor, path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its last holder has removed the file, and nobody else would look at this one


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def signature() -> str:
    """This process, as others are told of it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _sign(descriptor: int, alone: bool) -> None:
    with contextlib.suppress(OSError):  # a full disk: the lock is held all the same
        if alone or os.fstat(descriptor).st_size > MOST_BYTES:
            os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{signature()}\n".encode())


def _lives(line: str) -> bool:
    process, _, host = line.removeprefix("process ").partition(" on ")
    if host != socket.gethostname() or not process.isdecimal():
        return bool(host)
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
