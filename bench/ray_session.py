"""Ray on this machine, or a cluster of which this machine is a node, for as long as a command lasts."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.errors import BenchError, one_line
from bench.machine import cores
from bench.requirements import install_command

OBJECT_STORE = 100_000_000
"""Bytes of Ray's own store where we start it: nothing but a few lines goes through it."""
CONNECT_SECONDS = 5.0
STARTS = 3
NICENESS = "RAY_worker_niceness"
"""Ray lets its tasks give way to everything else, at 15: a training would take its time from what is left."""


@contextmanager
def ray_session(address: str | None, option: str) -> Iterator[Any]:
    """The module `ray`, started here or connected to the cluster at that address; `option` is what asked for it.

    Raises `BenchError` where Ray is not installed or nothing answers there.
    """
    try:
        import ray
        import ray.util.scheduling_strategies
    except ModuleNotFoundError as error:
        raise BenchError(f"{option} needs '{error.name}': {install_command('ray')}") from None
    _check_address(address)
    try:
        _start(ray, address)
    except Exception as error:  # Ray raises bare ones, too
        ray.shutdown()
        raise BenchError(f"{option}: Ray does not start: {one_line(error)}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _start(ray: Any, address: str | None) -> None:
    if address is not None:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        return
    os.environ.setdefault(NICENESS, "0")
    for more in range(STARTS - 1, -1, -1):
        try:
            ray.init(
                address="local", num_cpus=cores(), object_store_memory=OBJECT_STORE, include_dashboard=False,
                log_to_driver=False, logging_level="ERROR",
            )  # fmt: skip
            return
        except Exception:  # it waits half a minute for its own processes, which a busy machine may not keep
            ray.shutdown()
            if not more:
                raise


def _check_address(address: str | None) -> None:
    """One line within seconds, where Ray itself would try for minutes."""
    if address is None or address == "auto":
        return
    if "://" in address:
        raise BenchError(
            f"--ray-address {address}: start the command on a node of the cluster, and give HOST:PORT of its head"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise BenchError(f"--ray-address {address}: give HOST:PORT, as `ray start --head` prints it, or auto")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise BenchError(
            f"--ray-address {address}: nothing answers there: {one_line(error)}; is `ray start --head` running?"
        ) from None
