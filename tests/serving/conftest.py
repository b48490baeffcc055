from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.data import Prepared
from bench.store import Store
from tests.conftest import bench_environment, run_bench
from tests.forks import fork

Serving = Callable[..., subprocess.CompletedProcess[bytes]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-seconds", type=float, default=3600.0, help="of tests/serving/test_soak.py")


@dataclass(frozen=True)
class Trained:
    """A run of `bayes` on toy, with its test texts and its predictions on them."""

    folder: Path
    run: str
    texts: list[str]
    probabilities: np.ndarray
    labels: list[str]

    @property
    def artifact(self) -> Path:
        (folder,) = (self.folder / "store" / "artifacts").iterdir()
        return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("served")
    assert run_bench(folder, "run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    store = Store(folder / "store")
    (run,) = store.run_ids()
    (prepared,) = store.prepared.glob("*/meta.json")
    data = Prepared.open(prepared.parent)
    arrays = store.arrays(run, "predictions")
    ids, texts = data.test_texts()
    assert list(ids) == list(arrays["ids"])
    return Trained(folder, run, list(texts), arrays["probabilities"], list(data.label_names))


@pytest.fixture
def serving(trained: Trained, tmp_path: Path) -> Serving:
    """`serving("predict", ...)` runs `python -m serving` in `tmp_path` with the store of the trained run."""

    def run(*arguments: str, stdin: bytes = b"", kind: str = "bench") -> subprocess.CompletedProcess[bytes]:
        environment = bench_environment(trained.folder)
        return fork(kind, "serving", *arguments, environment=environment, folder=tmp_path, given=stdin)

    return run
