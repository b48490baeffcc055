"""What happened to the ranks of a training: told by whoever started them, read by the harness."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.durable import write_atomic

FAILURES = "failed-ranks.json"
"""In the folder of a phase: the exit code of each rank that ended badly; below zero, the number of the signal."""
_PR_SET_PDEATHSIG = 1


def write_failures(path: Path, exit_codes: Mapping[int, int]) -> None:
    """Tell the harness which ranks ended badly, and how: a launcher of ranks calls it before it ends itself."""
    write_atomic(path, json.dumps({str(rank): code for rank, code in exit_codes.items()}).encode())


def read_failures(folder: Path) -> dict[int, int]:
    """Of the ranks that the launcher in this folder started; empty where it told of none."""
    try:
        return {int(rank): int(code) for rank, code in json.loads((folder / FAILURES).read_bytes()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def die_with_parent(parent: int | None = None) -> None:
    """Be killed when the process `parent`, that which started this one if unset, ends.

    An orphan would go on writing into a folder that the resumed command uses.
    """
    parent = parent or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent is gone")
