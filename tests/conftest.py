"""What many tests share: the command line as a real process, and a store of its own for each test."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bench.commands.run import SMOKE_ROWS
from bench.data import DatasetRef, prepare
from bench.telemetry import disable_telemetry
from tests.forks import ROOT, as_text, fork

RECIPES = ROOT / "tests" / "recipes"

Bench = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Each of several test processes has a core of its own: threads that take turns made trainings twice as slow."""
    disable_telemetry()  # of what the tests call in their own process
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker) % len(cores)]})


TOGETHER = ("tests/compression/lite", "tests/tf_tinybert", "tests/baselines", "tests/search")
"""Folders whose files share what takes minutes to train."""
FIRST = (
    *TOGETHER, "tests/transformers_pt/test_hub.py", "tests/report/test_page.py", "tests/compression/test_prune.py",
    "tests/run/test_run.py", "tests/run/test_crash.py", "tests/test_docs.py", "tests/transformers_pt/test_finetune.py",
    "tests/serving/test_learn.py", "tests/measure/test_timing.py", "tests/transformers_pt/test_hf.py",
)  # fmt: skip
"""What takes longest of all: begun last, one process would be at it while the others have nothing left to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


class _Scheduling(LoadScopeScheduling):
    """Of several test processes one takes a whole file, or a whole folder of those in `TOGETHER`.

    A scheduler of our own, as groups by `xdist_group` are lost with pytest 9.2: one test went here, the next there, and
    whatever a file's tests share was made twice.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in TOGETHER else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduling:
    """Which process takes which tests."""
    return _Scheduling(config, log)


def any_slow(items: Iterable[pytest.Item], folder: str) -> bool:
    """Whether slow tests below that folder are to run: what they alone need is made only then."""
    return any(item.get_closest_marker("slow") and item.path.is_relative_to(ROOT / folder) for item in items)


def bench_environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a test's command: the tests' recipes, a cache and a store in `tmp_path`."""
    return os.environ | {
        "SENTIBENCH_RECIPES": str(RECIPES),
        "SENTIBENCH_STORE": str(tmp_path / "store"),
        "SENTIBENCH_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }


AT_START = ("PYTHONPATH", "OMP_NUM_THREADS")
"""Variables that count when a process starts: a command that is given one is started anew, not forked."""


@functools.cache
def _prepared_toy(limit: int | None) -> Path:
    """A folder with the data set `toy`, as a worker prepares it."""
    folder = Path(tempfile.mkdtemp(prefix="sentibench-toy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prepare(DatasetRef("toy"), folder, limit)
    return folder


def run_bench(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m bench` in `folder`, with store and cache of its own there, and `toy` prepared for who asks for it."""
    if "toy" in arguments and not (folder / "store").exists():
        shutil.copytree(_prepared_toy(SMOKE_ROWS if "--smoke" in arguments else None), folder / "store" / "prepared")
    settings = bench_environment(folder) | environment
    if environment.keys() & set(AT_START):
        return subprocess.run(
            [sys.executable, "-m", "bench", *arguments], env=settings, cwd=folder, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
    return as_text(fork("bench", "bench", *arguments, environment=settings, folder=folder))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """`bench("run", "-r", "bayes", ...)` runs `python -m bench` in `tmp_path` and returns the finished process."""
    return partial(run_bench, tmp_path)
