"""In a command that is started with this folder on its path: every durable step in its store is written down, and the
process is killed right before the one whose number it is told. Workers are started without this folder.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

STORE, LOG = os.environ["SENTIBENCH_STORE"], Path(os.environ["STEPS_LOG"])
KILLED_AT = int(os.environ.get("STEPS_KILLED_AT", 0))
flush, taken = os.fsync, 0


def step(kind: str, *paths: str) -> None:
    """Write one step down, or end here."""
    global taken
    if not paths[-1].startswith(STORE):
        return
    taken += 1
    if taken == KILLED_AT:
        os.kill(os.getpid(), signal.SIGKILL)
    with LOG.open("a") as log:
        print(kind, *(os.path.relpath(path, STORE) for path in paths), file=log)


def fsync(descriptor: int) -> None:
    """As the real one, which follows."""
    step("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    flush(descriptor)


def audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Renames and unlinks, but for those below `work/`, which the next command clears."""
    if event == "os.rename":
        step("rename", os.fspath(arguments[0]), os.fspath(arguments[1]))
    if event == "os.remove" and not os.fspath(arguments[0]).startswith(f"{STORE}/work"):
        step("unlink", os.fspath(arguments[0]))


os.fsync = fsync
sys.addaudithook(audit)
