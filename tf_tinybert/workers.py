"""Several processes on this machine that train together: `python -m tf_tinybert.workers 2 -m MODULE ARGUMENT ...`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def start(count: int, arguments: Sequence[str]) -> int:
    """Run Python with `arguments` `count` times, each with its rank in TF_CONFIG; the exit code of the first to fail.

    RANK is set as well, as the harness expects of a launcher. Where one process fails, the others are ended: they would
    wait for it.
    """
    addresses = [f"{LOOPBACK}:{port}" for port in _free_ports(count)]
    processes = []
    for rank in range(count):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
        environment = os.environ | {"TF_CONFIG": json.dumps(task), "RANK": str(rank)}
        processes.append(subprocess.Popen([sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return _wait(processes)
    finally:
        for process in processes:
            process.kill()


def _wait(processes: Sequence[subprocess.Popen[bytes]]) -> int:
    while True:
        codes = [process.poll() for process in processes]
        failed = next((code for code in codes if code), None)
        if failed is not None:
            return abs(failed)
        if None not in codes:
            return 0
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all held until the last is bound so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]


if __name__ == "__main__":
    sys.exit(start(int(sys.argv[1]), sys.argv[2:]))
