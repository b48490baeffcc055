"""The child process of one phase: a job in, an outcome out. `python -m bench.run.worker JOB.json`."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import traceback
from pathlib import Path

from bench.durable import write_atomic
from bench.errors import BenchError, one_line
from bench.run.job import Assignment, MeasureJob, Outcome, TrainJob
from bench.run.memory import return_freed_memory
from bench.schema import Status
from bench.standard_input import standard_input

_PR_SET_PDEATHSIG = 1
_OUT_OF_MEMORY = re.compile(r"ResourceExhausted|OutOfMemoryError|can't allocate memory|not enough memory")
"""The errors of frameworks whose memory is used up; none of them raises a `MemoryError`."""


def main(job_path: Path) -> int:
    """Run the phase that the job names; always leave an `outcome.json` unless killed."""
    standard_input()
    assignment = Assignment.model_validate_json(job_path.read_bytes())
    rank = os.environ.get("RANK")
    if rank is None:
        _die_with_parent(assignment.parent)
    else:
        assignment = _joined(assignment, int(rank))
    if hasattr(os, "sched_setaffinity"):  # a library that counts cores by itself would start a thread for each
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: assignment.threads])
    if not isinstance(assignment.job, MeasureJob):
        return_freed_memory()
    outcome = _attempt(assignment)
    if rank in (None, "0"):
        write_atomic(assignment.folder / "outcome.json", outcome.model_dump_json().encode())
    return 0 if outcome.status == "ok" else 1


def _attempt(assignment: Assignment) -> Outcome:
    from bench.run.phases import perform

    try:
        return Outcome(status="ok", answer=perform(assignment).model_dump(mode="json"))
    except BenchError as error:
        return Outcome(status="failed", reason=str(error))
    except MemoryError:
        traceback.print_exc()
        return Outcome(status="out_of_memory", reason="the process could get no more memory")
    except ModuleNotFoundError as error:
        traceback.print_exc()
        return Outcome(status="unavailable", reason=f"package '{error.name}' is not installed")
    except Exception as error:
        traceback.print_exc()
        status: Status = "out_of_memory" if _OUT_OF_MEMORY.search(f"{type(error).__name__}: {error}") else "failed"
        return Outcome(status=status, reason=one_line(error, 500))


def _joined(assignment: Assignment, rank: int) -> Assignment:
    """One of several workers that a launcher has started: its parent is the launcher, and dies with ours."""
    _die_with_parent(os.getppid())
    job = assignment.job
    if rank and isinstance(job, TrainJob):
        job = job.model_copy(update={"artifact": job.artifact.with_name(f"{job.artifact.name}.rank{rank}")})
    # the launcher has closed the pipe; the number of its descriptor may be anything by now
    return assignment.model_copy(update={"job": job, "progress": None})


def _die_with_parent(parent: int) -> None:
    """An orphan would go on writing into a folder that the resumed command uses."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent is gone")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
