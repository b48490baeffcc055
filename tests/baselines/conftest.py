"""Each phase of a training is a process, as in a real run; what is slow is trained once for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ("constant", "linear", "nbsvm", "fasttext", "dnn", "lstm", "static")

Phase = Callable[..., Any]


def run_phase(*arguments: object) -> Any:
    """`python -m tests.baselines.phases …` in a new process; the JSON of its last line, None without one."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.baselines.phases", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None


@pytest.fixture(scope="session")
def phase() -> Phase:
    """`phase("fit", "lstm", folder, "{}", 0)`."""
    return run_phase


@dataclass(frozen=True)
class Trained:
    """An artifact, what its training told, and what the process that trained it predicted."""

    name: str
    folder: Path
    log: dict[str, Any]
    predicted: np.ndarray


@pytest.fixture(scope="session", params=RECIPES)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Each recipe in turn, trained with its smoke parameters and seed 0."""
    folder = tmp_path_factory.mktemp(request.param) / "artifact"
    log = run_phase("fit", request.param, folder, "{}", 0)
    return Trained(request.param, folder, log, np.load(folder.with_suffix(".npy")))
