"""Starts a phase in a fresh process and returns how it ended; sleeps meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from bench.contract import ProgressListener, Ranks
from bench.machine import cores
from bench.ranks import FAILURES
from bench.registry import ROOT
from bench.run.job import LOG, OUTCOME, A, Assignment, Job, MeasureJob, Outcome
from bench.schema import Status
from bench.telemetry import telemetry_settings

GRACE_SECONDS = 10.0
"""Between asking a late worker to stop and killing it."""

_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_CACHE_HOME")
_PASSED_PREFIXES = ("SENTIBENCH_", "HF_", "KAGGLE", "CUDA_", "TPU_", "http", "no_proxy", "SSL_")


class StopWorker(Exception):
    """Raised by a progress listener to end its worker: the phase ends as `skipped`, with this message as its reason."""


V = TypeVar("V")
W = TypeVar("W")


@dataclass(frozen=True)
class Ended(Generic[V]):
    """How a phase ended: a value where it went well, which is where `status` is `ok`, else the reason in one line."""

    status: Status
    value: V | None = None
    reason: str | None = None
    exit_code: int | None = None
    seconds: float = 0.0
    log_tail: str | None = None

    def with_value(self, value: W | None) -> Ended[W]:
        """The same end with another value."""
        return Ended(self.status, value, self.reason, self.exit_code, self.seconds, self.log_tail)


@dataclass(frozen=True)
class Node:
    """Where on several nodes some ranks of a training are started."""

    number: int = 0
    hosts: tuple[str, ...] = ()
    """The name of each rank's machine."""
    addresses: tuple[str, ...] = ()
    """IP:PORT of each rank: free when they were looked for."""

    def arguments(self, ranks: Ranks, folder: Path) -> list[str]:
        """Those that start its ranks, which work in `folder`."""
        host, _, port = next(iter(self.addresses), "").rpartition(":")
        known = {
            "nodes": ranks.nodes, "node": self.number, "local": ranks.local, "failures": folder / FAILURES,
            "addresses": ",".join(self.addresses), "host": host, "port": port,
        }  # fmt: skip
        return [argument.format(**known) for argument in ranks.arguments]


HERE = Node()
UNTIMED = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**33), "MALLOC_TOP_PAD_": str(2**28),
}  # fmt: skip
"""Of workers that are not timed; what is timed keeps each runtime's usual setting (`benchmarks/busy_neighbour.py`).
Threads that wait sleep: two that spin beside a busy neighbour train at a fourteenth of their speed. glibc keeps what
it was given back: a training, which asks for the same tensors at every step, is 17 % faster without the page faults."""


def passed_variables() -> dict[str, str]:
    """What of this process's environment a worker is given."""
    return {k: v for k, v in os.environ.items() if k in _PASSED or k.startswith(_PASSED_PREFIXES)}


def node_variables() -> dict[str, str]:
    """The same for a task on another machine, less what is its own: programs, and the GPUs that Ray gives a task."""
    own = ("PATH", "CUDA_VISIBLE_DEVICES")
    return {k: v for k, v in passed_variables().items() if k not in own} | {"PYTHONPATH": str(ROOT)}


def worker_environment(device: str, threads: int) -> dict[str, str]:
    """The whole environment of a worker: what it needs of ours, the thread counts, nothing by accident."""
    variables = passed_variables()
    variables |= thread_settings(threads) | telemetry_settings()
    variables |= {
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TOKENIZERS_PARALLELISM": "false",
    }
    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = ""
    return variables


def thread_settings(threads: int) -> dict[str, str]:
    """The variables that bound the threads of every runtime used here."""
    names = ("OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    return {f"{name}_THREADS": str(threads) for name in names}


def launch(
    job: Job[A],
    folder: Path,
    timeout: float,
    device: str = "auto",
    threads: int | None = None,
    on_progress: ProgressListener | None = None,
    ranks: Ranks | None = None,
    node: Node = HERE,
) -> Ended[A]:
    """Run `python -m bench.run.worker` on `job` in `folder`, where its log and outcome stay.

    With `ranks` it is several such workers that train together, those of one node, which share the threads. On a node
    that has not the first of them there is no answer.

    A worker that outlasts `timeout` seconds is asked to stop, then killed with everything it started; so is one whose
    listener raises `StopWorker`.
    """
    threads = max(1, (threads or cores()) // (ranks.local if ranks else 1))
    reading, writing = os.pipe()
    assignment = Assignment.model_validate(
        {
            "job": job, "folder": folder, "parent": os.getpid(), "device": device, "threads": threads,
            "progress": writing, "hosts": node.hosts,
        }
    )  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in (OUTCOME, FAILURES):
            (folder / left).unlink(missing_ok=True)
        (folder / "job.json").write_text(assignment.model_dump_json())
        (folder / LOG).touch()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        return Ended("failed", reason=cannot_write(error))
    kills = _oom_kills()
    started = time.monotonic()
    environment = worker_environment(device, threads) | ({} if isinstance(job, MeasureJob) else UNTIMED)
    launcher = node.arguments(ranks, folder) if ranks else []
    code, cut = _run(
        [*launcher, "-m", "bench.run.worker"], folder, environment, timeout, (reading, writing), on_progress
    )
    seconds = time.monotonic() - started
    tail = log_tail(folder)
    if cut is not None:
        return Ended(cut.status, None, cut.reason, code, seconds, tail)
    if node.number and code == 0:
        return Ended("ok", None, None, code, seconds, tail)
    try:
        outcome = Outcome.model_validate_json((folder / OUTCOME).read_bytes())
        answer = None if outcome.answer is None else job.answer.model_validate(outcome.answer)
    except (OSError, ValueError):
        status, reason = unexplained(code, _oom_kills() > kills)
        return Ended(status, None, reason, code, seconds, tail)
    return Ended(outcome.status, cast("A | None", answer), outcome.reason, code, seconds, tail)


def cannot_write(error: Exception) -> str:
    """Why a phase failed whose files do not fit on the disk, or must not be there."""
    if not isinstance(error, OSError):
        return str(error)
    return f"cannot write {error.filename or 'its files'}: {error.strerror}; free space or choose another --store"


def _run(
    module: Sequence[str],
    folder: Path,
    environment: dict[str, str],
    timeout: float,
    pipe: tuple[int, int],
    on_progress: ProgressListener | None,
) -> tuple[int, Ended[None] | None]:
    """The exit code, and how the phase ended where we ended it."""
    reading, writing = pipe
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *module, str(folder / "job.json")],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            pass_fds=(writing,), start_new_session=True,
        )  # fmt: skip
    os.close(writing)
    cut: list[Ended[None]] = []

    def listen() -> None:
        try:
            with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
                for line in lines:  # read to the end, listener or not: a full pipe would halt the worker
                    if on_progress is not None:
                        with contextlib.suppress(ValueError, KeyError):
                            report = json.loads(line)
                            on_progress(report["done"], report["total"], report["values"])
        except StopWorker as stop:
            cut.append(Ended("skipped", reason=str(stop)))
            _stop(process)

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        cut.append(Ended("timeout", reason=f"still running after {timeout:.0f} s"))
        _stop(process)
    except BaseException:
        _signal(process, signal.SIGKILL)
        process.wait()
        raise
    reader.join(timeout=1)
    return process.returncode, cut[0] if cut else None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The timeout ladder: SIGTERM, `GRACE_SECONDS`, SIGKILL.

    SIGTERM first, so that a training can still flush its checkpoint and its log; SIGKILL in the end, as native code in
    a loop handles no signal. Both go to the process group, which holds all workers of a launcher; a worker that another
    has started has a group of its own, and dies with its parent (`ranks.py: die_with_parent`).
    """
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def unexplained(code: int, killed_for_memory: bool) -> tuple[Status, str]:
    """How a worker that left no outcome ended, by its exit code."""
    if killed_for_memory:
        return "out_of_memory", "killed by the kernel for memory"
    if code < 0:
        return "failed", f"the worker was killed by signal {-code} ({signal.Signals(-code).name})"
    return "failed", f"the worker ended with exit code {code} and no outcome"


def _oom_kills() -> int:
    """How often the kernel has killed for memory since boot, 0 where it does not count."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def log_tail(folder: Path, characters: int = 2000) -> str | None:
    """The end of the log of a phase, or of a rank; None where there is none."""
    try:
        return (folder / LOG).read_text(errors="replace")[-characters:].strip() or None
    except OSError:
        return None
