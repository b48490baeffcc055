"""The child process of one phase: a job in, an outcome out. `python -m bench.run.worker JOB.json`."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from bench.durable import write_atomic
from bench.errors import BenchError
from bench.standard_input import standard_input

_PR_SET_PDEATHSIG = 1
_OUT_OF_MEMORY = re.compile(r"ResourceExhausted|OutOfMemoryError|can't allocate memory|not enough memory")
"""How the frameworks say that memory is used up; none of them raises a `MemoryError`."""


def main(job_path: Path) -> int:
    """Run the phase that the job names; always leave an `outcome.json` unless killed."""
    standard_input()
    job = json.loads(job_path.read_text())
    rank = os.environ.get("RANK")
    if rank is None:
        _die_with_parent(job["parent"])
    else:
        _join(job, int(rank))
    _keep_to_cores(int(os.environ["SENTIBENCH_THREADS"]))
    outcome = _attempt(job)
    if rank not in (None, "0"):
        return 0 if outcome["status"] == "ok" else 1
    write_atomic(Path(job["folder"]) / "outcome.json", json.dumps(outcome).encode())
    return 0 if outcome["status"] == "ok" else 1


def _attempt(job: dict[str, Any]) -> dict[str, Any]:
    from bench.run.phases import PHASES

    try:
        return {"status": "ok", "value": PHASES[job["phase"]](job)}
    except BenchError as error:
        return {"status": "failed", "reason": str(error)}
    except MemoryError:
        traceback.print_exc()
        return {"status": "out_of_memory", "reason": "the process could get no more memory"}
    except ModuleNotFoundError as error:
        traceback.print_exc()
        return {"status": "unavailable", "reason": f"package '{error.name}' is not installed"}
    except Exception as error:
        traceback.print_exc()
        status = "out_of_memory" if _OUT_OF_MEMORY.search(f"{type(error).__name__}: {error}") else "failed"
        return {"status": status, "reason": " ".join(f"{type(error).__name__}: {error}".split())[:500]}


def _join(job: dict[str, Any], rank: int) -> None:
    """One of several workers that a launcher has started: its parent is the launcher, and dies with ours."""
    _die_with_parent(os.getppid())
    os.environ.pop("SENTIBENCH_PROGRESS_FD", None)  # the launcher has closed the pipe; its number may be anything
    if rank:
        job["artifact"] += f".rank{rank}"


def _die_with_parent(parent: int) -> None:
    """An orphan would go on writing into a folder that the resumed command uses."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent is gone")


def _keep_to_cores(threads: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:threads])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
