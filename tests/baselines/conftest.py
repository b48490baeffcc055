"""Each phase of a training is a process, as in a real run; what is slow is trained once for all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.forks import ROOT, fork

RECIPES = (
    "constant", "lexicon", "linear", "nbsvm", *(["fasttext"] if find_spec("fasttext") else []), "textcat", "dnn",
    "static", "lstm",
)  # fmt: skip
"""Those that can be installed: of fastText there is no wheel for Python 3.13."""
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}

Phase = Callable[..., Any]


def run_phase(*arguments: object, anew: bool = False) -> Any:
    """`python -m tests.baselines.phases …`; the JSON of its last line, None without one.

    In a process that is forked from one that has TensorFlow, or in one that is started `anew`, with a hash seed and
    libraries of its own.
    """
    command = ["tests.baselines.phases", *map(str, arguments)]
    if anew:
        started = [sys.executable, "-m", *command]
        done = subprocess.run(started, cwd=ROOT, env=os.environ | QUIET, capture_output=True)
    else:
        done = fork("tensorflow", *command, environment=os.environ | QUIET, folder=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
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


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """All recipes, trained with their smoke parameters and seed 0; each in the folder of its name."""
    root = tmp_path_factory.mktemp("baselines")
    return root, run_phase("fit_all", root, 0, *RECIPES)


@pytest.fixture(params=RECIPES)
def trained(request: pytest.FixtureRequest, logs: tuple[Path, dict[str, Any]]) -> Trained:
    """Each of them in turn."""
    root, told = logs
    folder = root / request.param
    return Trained(request.param, folder, told[request.param], np.load(folder.with_suffix(".npy")))


@pytest.fixture(scope="session")
def probes(logs: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a new process says of copies of them, those that need TensorFlow last; of spaCy's one more, with PyTorch."""
    root = tmp_path_factory.mktemp("elsewhere")
    for name in RECIPES:
        shutil.copytree(logs[0] / name, root / name)
    others = [name for name in RECIPES if name != "textcat"]
    found: dict[str, Any] = run_phase("probe_all", root, *others, anew=True)
    return found | run_phase("probe_all", root, "textcat", anew=True)


@pytest.fixture
def probed(trained: Trained, probes: dict[str, Any]) -> dict[str, Any]:
    """What it says of `trained`."""
    found: dict[str, Any] = probes[trained.name]
    return found
