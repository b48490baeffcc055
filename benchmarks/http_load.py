"""Requests a second of `serving http` on loopback, batched against one by one, by a bounded client.

`python -m benchmarks.http_load RUN --store .sentibench`: each setting starts a server of its own and sends single texts
of the run's validation split over keep-alive connections, each of which waits for its answer before it asks again.
The client needs a core itself: on a small machine the figures are lower bounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast

import numpy as np
import uvloop

from bench.data import Prepared
from bench.store import Store

SETTINGS = {"micro-batching": [], "one by one": ["--max-batch", "1"]}


def main() -> None:
    """Load each setting and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    texts = validation_texts(options)
    print(f"{'':16}requests/s   p50 ms   p99 ms  errors")
    for name, more in SETTINGS.items():
        ms, seconds, errors = loaded([*served(options), *more], texts, options)
        p50, p99 = np.percentile(ms, [50, 99])
        print(f"{name:16}{len(ms) / seconds:10,.0f} {p50:8.1f} {p99:8.1f} {errors:7}", flush=True)


def validation_texts(options: argparse.Namespace) -> list[str]:
    """Of the data set that the run was trained on."""
    store = Store(options.store)
    wanted = store.result(options.run).data
    found = [Prepared.open(path.parent) for path in store.prepared.glob("*/meta.json")]
    return next(p.validation().texts for p in found if p.name == wanted.dataset and p.train_hash == wanted.train_hash)


def served(options: argparse.Namespace) -> list[str]:
    """The command that serves the run."""
    return [sys.executable, "-m", "serving", "http", options.run, "--store", str(options.store)]


def loaded(command: list[str], texts: list[str], options: argparse.Namespace) -> tuple[list[float], float, int]:
    """Milliseconds of each answer, the seconds in all, and how many answers were not 200: of a server with `--port`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    server = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return uvloop.run(hammer(port, texts, options))
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # with the workers that it may have
        server.wait()


async def hammer(port: int, texts: list[str], options: argparse.Namespace) -> tuple[list[float], float, int]:
    """Warm up for a second, then count."""
    requests = cycle([request(text) for text in texts])
    await ready(port)
    found: list[tuple[float, float, bool]] = []
    end = time.perf_counter() + 1 + options.seconds
    started = end - options.seconds
    await asyncio.gather(*(client(port, requests, end, found) for _ in range(options.connections)))
    counted = [(ms, ok) for at, ms, ok in found if at >= started]
    return [ms for ms, _ in counted], options.seconds, sum(not ok for _, ok in counted)


def request(text: str) -> bytes:
    """The bytes of one request."""
    body = json.dumps({"text": text}).encode()
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def ready(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise TimeoutError("the server did not start")


class Client(asyncio.Protocol):
    """Asks again and again over one connection; a protocol, as streams would cost more than the server does."""

    def __init__(self, requests: cycle[bytes], end: float, found: list[tuple[float, float, bool]]) -> None:
        self.requests, self.end, self.found = requests, end, found
        self.done = asyncio.get_running_loop().create_future()
        self.answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask first."""
        self.transport = cast("asyncio.Transport", transport)
        self.ask()

    def ask(self) -> None:
        """The next text, until the time is over."""
        self.before = time.perf_counter()
        if self.before < self.end:
            self.transport.write(next(self.requests))
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of one."""
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if found and len(body) >= int(length):
            now, self.answer = time.perf_counter(), b""
            self.found.append((now, 1000 * (now - self.before), head.startswith(b"HTTP/1.1 200")))
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Of itself at the end, or because the server closed it."""
        if exc is not None or time.perf_counter() < self.end:
            self.found.append((time.perf_counter(), 1000 * (time.perf_counter() - self.before), False))
        self.done.set_result(None)


async def client(port: int, requests: cycle[bytes], end: float, found: list[tuple[float, float, bool]]) -> None:
    """One connection, to its end."""
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(lambda: Client(requests, end, found), "127.0.0.1", port)
    await asyncio.wait_for(protocol.done, end - time.perf_counter() + 30)


if __name__ == "__main__":
    main()
