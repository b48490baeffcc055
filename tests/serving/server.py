"""A server of an artifact in a process of its own."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conftest import bench_environment
from tests.forks import Fork, start
from tests.serving.conftest import Trained

Started = tuple[httpx.Client, Fork]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(trained: Trained, *options: str, served: str | None = None, **environment: str) -> Iterator[Started]:
    """A server of the trained run, or of what `served` names, in a process of its own, stopped at the end."""
    port, settings = free_port(), bench_environment(trained.folder) | environment
    command = ("serving", "http", served or trained.run, "--port", str(port), *options)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
    with tempfile.NamedTemporaryFile() as log:
        streams = (os.devnull, os.devnull, log.name)
        process = start("bench", *command, environment=settings, folder=Path.cwd(), streams=streams)
        try:
            _wait_ready(client, process)
            yield client, process
        finally:
            client.close()
            process.terminate()
            process.wait(60)


def _wait_ready(client: httpx.Client, process: Fork) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("the server did not start")
