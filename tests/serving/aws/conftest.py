from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.store import Store
from tests.conftest import ROOT
from tests.serving.conftest import Trained, train


@pytest.fixture(scope="session")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A recipe of the project's own: what an image serves knows no recipe of the tests."""
    return train("linear", tmp_path_factory.mktemp("linear"))


@pytest.fixture(scope="session")
def bundle(linear: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packaged") / "bundle"
    command = [sys.executable, "-m", "serving", "package", linear.run, "--out", str(folder)]
    store = str(Store(linear.folder / "store").root)
    ran = subprocess.run([*command, "--store", store], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return folder
