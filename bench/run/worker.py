"""The child process of one phase: a job in, an outcome out. `python -m bench.run.worker JOB.json`."""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path

from bench.durable import write_atomic
from bench.errors import BenchError, one_line
from bench.ranks import die_with_parent
from bench.run.job import LOG, OUTCOME, Assignment, MeasureJob, Outcome, TrainJob, rank_folder
from bench.run.memory import return_freed_memory
from bench.schema import Status
from bench.standard_input import standard_input

_OUT_OF_MEMORY = re.compile(r"ResourceExhausted|OutOfMemoryError|can't allocate memory|not enough memory")
"""The errors of frameworks whose memory is used up; none of them raises a `MemoryError`."""


def main(job_path: Path) -> int:
    """Run the phase that the job names; always leave an `outcome.json` unless killed."""
    standard_input()
    assignment = Assignment.model_validate_json(job_path.read_bytes())
    rank = os.environ.get("RANK")
    if rank is None:
        die_with_parent(assignment.parent)
    else:
        assignment = _joined(assignment, int(rank))
    _bind(assignment.threads, int(os.environ.get("LOCAL_RANK", "0")))
    if not isinstance(assignment.job, MeasureJob):
        return_freed_memory()
    outcome = _attempt(assignment)
    told = outcome.model_dump_json().encode()
    if rank is not None:
        write_atomic(rank_folder(assignment.folder, int(rank)) / OUTCOME, told)
    if rank in (None, "0"):
        write_atomic(assignment.folder / OUTCOME, told)
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
    """One of several workers that a launcher has started: its parent is the launcher, which dies with ours.

    What it prints goes to a log of its own.
    """
    die_with_parent()
    folder = rank_folder(assignment.folder, rank)
    folder.mkdir(exist_ok=True)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    job = assignment.job
    if rank and isinstance(job, TrainJob):
        job = job.model_copy(update={"artifact": job.artifact.with_name(f"{job.artifact.name}.rank{rank}")})
    # the launcher has closed the pipe; the number of its descriptor may be anything by now
    return assignment.model_copy(update={"job": job, "progress": None})


def _bind(threads: int, local_rank: int) -> None:
    """To as many cores, of which ranks take the next: a library that counts them would start a thread for each."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        chosen = [cores[(local_rank * threads + i) % len(cores)] for i in range(min(threads, len(cores)))]
        os.sched_setaffinity(0, chosen)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
