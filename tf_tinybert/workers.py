"""Processes that train together, each with its rank in TF_CONFIG: `python -m tf_tinybert.workers 2 -m MODULE ...`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.api import die_with_parent, write_failures

LOOPBACK = "127.0.0.1"
MODULE = "tf_tinybert.workers"
HERE = ("-m", MODULE, "--failures={failures}", "{local}")
"""On one node, at ports that are free."""
THERE = ("-m", MODULE, "--failures={failures}", "--addresses={addresses}", "--node={node}", "{local}")
"""On each of several nodes."""


def start(count: int, arguments: Sequence[str], addresses: Sequence[str] = (), node: int = 0) -> dict[int, int]:
    """Run Python with `arguments` `count` times; the exit codes of the ranks that ended badly.

    `addresses` are those of all ranks, also on other nodes; none means that all are here. RANK and LOCAL_RANK are set
    as well, as the harness expects of a launcher. Where one process fails, the others are ended: they would wait for
    it.
    """
    addresses = addresses or [f"{LOOPBACK}:{port}" for port in _free_ports(count)]
    processes = {}
    for local in range(count):
        rank = node * count + local
        task = {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": rank}}
        own = {"TF_CONFIG": json.dumps(task), "RANK": str(rank), "LOCAL_RANK": str(local)}
        processes[rank] = subprocess.Popen([sys.executable, *arguments], env=os.environ | own, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return _wait(processes)
    finally:
        for process in processes.values():
            process.kill()


def _wait(processes: Mapping[int, subprocess.Popen[bytes]]) -> dict[int, int]:
    while True:
        codes = {rank: process.poll() for rank, process in processes.items()}
        failed = {rank: code for rank, code in codes.items() if code}
        if failed or None not in codes.values():
            return failed
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all held until the last is bound so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]


def main() -> int:
    """The exit code of the first rank that failed."""
    die_with_parent()
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--failures", type=Path)
    parser.add_argument("--addresses", type=lambda text: text.split(","), default=[])
    parser.add_argument("--node", type=int, default=0)
    parser.add_argument("count", type=int)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    failed = start(asked.count, asked.arguments, asked.addresses, asked.node)
    if failed and asked.failures:
        write_failures(asked.failures, failed)
    return abs(next(iter(failed.values()), 0))


if __name__ == "__main__":
    sys.exit(main())
