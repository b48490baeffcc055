"""Commands that begin with their libraries imported: each is forked from a process that has them.

A start of `python -m bench` costs a second of imports, with TensorFlow five, and the tests start hundreds. A fork has
an environment, a folder and streams of its own, runs its module as `python -m` does, ends as any interpreter does. It
shares the hash seed of its process, and what libraries read of the environment while they were imported.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = {
    "bench": (
        "bench.cli", "bench.run.suite", "bench.run.phases", "bench.report.build", "bench.report.tables", "bench.verify",
        "bench.search.search", "bench.search.compress", "bench.slices.evaluate", "bench.robustness.evaluate",
        "bench.recommend.candidates", "pandas", "pyarrow.parquet", "scipy.stats", "sklearn.metrics",
        "matplotlib.pyplot", "serving.cli", "serving.batch", "serving.live_model",
        "serving.stream.run", "serving.http.app", "uvicorn",
    ),
    "tensorflow": ("tensorflow", "keras", "keras_hub", "sklearn.metrics", "tokenizers"),
    "torch": ("torch", "transformers", "accelerate", "peft", "sklearn.metrics", "pandas", "bench.cli"),
}  # fmt: skip
"""What each kind of process imports, as far as it is installed."""
PR_SET_PDEATHSIG = 1


@dataclass
class Fork:
    """A command under way, with what a `Popen` has."""

    kind: str
    pid: int
    streams: tuple[str, str, str]
    returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it goes on."""
        if self.returncode is None:
            self.returncode = _ask(self.kind, {"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code."""
        ends = select.poll()
        descriptor = os.pidfd_open(self.pid) if self.poll() is None else None
        if descriptor is not None:
            ends.register(descriptor)
            ended = ends.poll(None if timeout is None else timeout * 1000)
            os.close(descriptor)
            if not ended:
                raise subprocess.TimeoutExpired(f"a fork of {self.kind}", timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it has written, once it has ended: its output and its errors."""
        self.wait(timeout)
        _, out, err = (Path(name).read_text(encoding="utf-8") for name in self.streams)
        return out, err

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """As a container is stopped."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)


def start(
    kind: str, *command: str, environment: Mapping[str, str], folder: Path, streams: tuple[str, str, str]
) -> Fork:
    """`python -m COMMAND` in `folder` with that `environment` alone, forked from a process of that `kind`.

    `streams` are the files that it reads as standard input and to which it appends its output and its errors.
    """
    request = {"command": command, "environment": dict(environment), "folder": str(folder), "streams": streams}
    return Fork(kind, _ask(kind, request), streams)


def fork(
    kind: str, *command: str, environment: Mapping[str, str], folder: Path, given: bytes = b"", seconds: float = 600
) -> subprocess.CompletedProcess[bytes]:
    """The same, waited for; `given` is its standard input."""
    with tempfile.TemporaryDirectory() as name:
        files = [Path(name) / stream for stream in ("in", "out", "err")]
        for file, content in zip(files, (given, b"", b""), strict=True):
            file.write_bytes(content)
        process = start(kind, *command, environment=environment, folder=folder, streams=tuple(map(str, files)))
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, code, files[1].read_bytes(), files[2].read_bytes())


def as_text(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    """The same with decoded streams."""
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _ask(kind: str, request: dict[str, Any]) -> Any:
    process = _parent(kind)
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, f"the process that forks for {kind} has ended"
    return json.loads(answer)


@functools.cache
def _parent(kind: str) -> subprocess.Popen[str]:
    """It ends when its standard input does."""
    settings = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.forks", *LIBRARIES[kind]], cwd=ROOT, env=os.environ | settings, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def serve(libraries: list[str]) -> dict[str, Any]:
    """Returns in a fork for each request, and in the process itself never."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for library in libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    gc.freeze()
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        if pid := request.get("ended"):
            ended, status = os.waitpid(pid, os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        elif not (answer := os.fork()):
            return request
        print(json.dumps(answer), file=answers, flush=True)
    sys.exit()


def run(command: list[str], environment: dict[str, str], folder: str, streams: list[str]) -> None:
    """As the interpreter does with `-m`; it dies with the process that it is forked from."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in enumerate(streams):
        stream = os.open(name, (os.O_WRONLY | os.O_APPEND | os.O_CREAT) if number else os.O_RDONLY, 0o644)
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.argv, sys.path[0] = list(command), folder
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def end(code: int) -> NoReturn:
    """As the interpreter does, but for what C++ libraries destroy: their threads from before the fork are gone."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    request = serve(sys.argv[1:])
    try:
        run(**request)
    except SystemExit as stopped:
        if isinstance(stopped.code, str):
            print(stopped.code, file=sys.stderr)
        end(stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        end(1)
    end(0)
