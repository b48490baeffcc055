"""Commands that run on while a test does something to them, and a cluster of Ray for them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.ray_session import NICENESS
from tests.conftest import bench_environment

NODE = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command, whose end takes its Ray with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments], env=bench_environment(folder), cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of this machine's processes: a head and another node, with a core each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv(NICENESS, "0")
    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    try:
        cluster.other = cluster.add_node(**NODE)
        yield cluster
    finally:
        cluster.shutdown()
