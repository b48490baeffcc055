"""A server of an artifact in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.conftest import bench_environment
from tests.serving.conftest import Trained

Started = tuple[httpx.Client, "subprocess.Popen[str]"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(
    trained: Trained, *options: str, served: str | None = None, log: int = subprocess.PIPE, **environment: str
) -> Iterator[Started]:
    """A server of the trained run, or of what `served` names, in a process of its own, stopped at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "http", served or trained.run, "--port", str(port), *options],
        env=bench_environment(trained.folder) | environment, stderr=log, text=True,
    )  # fmt: skip
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
    try:
        _wait_ready(client, process)
        yield client, process
    finally:
        client.close()
        process.terminate()
        process.communicate(timeout=60)


def _wait_ready(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.05)
    raise AssertionError("the server did not start")
