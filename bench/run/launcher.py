"""Starts a phase in a fresh process and says how it ended; sleeps meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.machine import cores
from bench.registry import ROOT
from bench.schema import Status
from bench.telemetry import telemetry_settings

GRACE_SECONDS = 10.0
"""Between asking a late worker to stop and killing it."""

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_CACHE_HOME")
_KEPT_PREFIXES = ("SENTIBENCH_", "HF_", "KAGGLE", "CUDA_", "TPU_", "http", "no_proxy", "SSL_")

ProgressListener = Callable[[float, float, Mapping[str, float]], None]


class StopWorker(Exception):
    """Raised by a progress listener to end its worker: the phase ends as `skipped`, with this message as its reason."""


@dataclass(frozen=True)
class Ended:
    """How a phase ended: its value when `ok`, else the reason in one line."""

    status: Status
    value: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    exit_code: int | None = None
    seconds: float = 0.0
    log_tail: str | None = None


def worker_environment(device: str, threads: int) -> dict[str, str]:
    """The whole environment of a worker: what it needs of ours, the thread counts, nothing by accident."""
    kept = {k: v for k, v in os.environ.items() if k in _KEPT or k.startswith(_KEPT_PREFIXES)}
    kept |= (
        thread_settings(threads)
        | telemetry_settings()
        | {
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": "0",
            "PYTHONUNBUFFERED": "1",
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "TOKENIZERS_PARALLELISM": "false",
            "SENTIBENCH_DEVICE": device,
            "SENTIBENCH_THREADS": str(threads),
        }
    )
    if device == "cpu":
        kept["CUDA_VISIBLE_DEVICES"] = ""
    return kept


def thread_settings(threads: int) -> dict[str, str]:
    """The variables that bound the threads of every runtime used here."""
    names = ("OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    return {f"{name}_THREADS": str(threads) for name in names}


def launch(
    job: Mapping[str, Any],
    folder: Path,
    timeout: float,
    device: str = "auto",
    threads: int | None = None,
    on_progress: ProgressListener | None = None,
    launcher: Sequence[str] = (),
) -> Ended:
    """Run `python -m bench.run.worker` on `job` in `folder`, where its log and outcome stay.

    `launcher`, as `Recipe.launcher` gives it, starts several such workers that train together.

    A worker that outlasts `timeout` seconds is asked to stop, then killed with everything it started; so is one whose
    listener raises `StopWorker`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "outcome.json").unlink(missing_ok=True)
        (folder / "job.json").write_text(json.dumps(dict(job) | {"folder": str(folder), "parent": os.getpid()}))
        (folder / "log.txt").touch()
    except OSError as error:
        return Ended("failed", reason=cannot_write(error))
    kills = _oom_kills()
    started = time.monotonic()
    environment = worker_environment(device, threads or cores())
    code, cut = _run([*launcher, "-m", "bench.run.worker"], folder, environment, timeout, on_progress)
    seconds = time.monotonic() - started
    tail = _tail(folder / "log.txt")
    if cut is not None:
        return replace(cut, exit_code=code, seconds=seconds, log_tail=tail)
    try:
        outcome = json.loads((folder / "outcome.json").read_text())
    except (OSError, ValueError):
        status, reason = _unexplained(code, _oom_kills() > kills)
        return Ended(status, {}, reason, code, seconds, tail)
    return Ended(outcome["status"], outcome.get("value", {}), outcome.get("reason"), code, seconds, tail)


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
    on_progress: ProgressListener | None,
) -> tuple[int, Ended | None]:
    """The exit code, and how the phase ended where we ended it."""
    reading, writing = os.pipe()
    environment["SENTIBENCH_PROGRESS_FD"] = str(writing)
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *module, str(folder / "job.json")],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            pass_fds=(writing,), start_new_session=True,
        )  # fmt: skip
    os.close(writing)
    cut: list[Ended] = []

    def listen() -> None:
        try:
            _listen(reading, on_progress)
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
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _listen(reading: int, on_progress: ProgressListener | None) -> None:
    with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if on_progress is None:
                continue
            with contextlib.suppress(ValueError, KeyError):
                report = json.loads(line)
                on_progress(report["done"], report["total"], report["values"])


def _unexplained(code: int, killed_for_memory: bool) -> tuple[Status, str]:
    if killed_for_memory:
        return "out_of_memory", "killed by the kernel for memory"
    if code < 0:
        return "failed", f"the worker was killed by signal {-code} ({signal.Signals(-code).name})"
    return "failed", f"the worker ended with exit code {code} and no outcome"


def _oom_kills() -> int:
    """How often the kernel has killed for memory since boot, 0 where it does not say."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _tail(log: Path, characters: int = 2000) -> str | None:
    try:
        return log.read_text(errors="replace")[-characters:].strip() or None
    except OSError:
        return None
