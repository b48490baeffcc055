"""TensorFlow runs in processes of its own; what is slow is trained once for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import any_slow
from tests.forks import ROOT, fork
from tests.tf_tinybert.checkpoints import write_checkpoint

Phase = Callable[..., Any]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def run_phase(command: str, folder: Path, given: str, *more: str, launcher: tuple[str, ...] = ()) -> Any:
    """`python -m tests.tf_tinybert.phases …`, forked from a process that has TensorFlow, or several; what it found."""
    phase, settings = ("tests.tf_tinybert.phases", command, str(folder), given, *more), os.environ | QUIET
    if launcher:
        started = [sys.executable, *launcher, "-m", *phase]
        done = subprocess.run(started, cwd=ROOT, env=settings, capture_output=True, timeout=600)
    else:
        done = fork("tensorflow", *phase, environment=settings, folder=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(folder.with_suffix(".json").read_text())


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BERT with random weights."""
    return write_checkpoint(tmp_path_factory.mktemp("bert") / "checkpoint")


@pytest.fixture(scope="session")
def learned(
    checkpoint: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[Path, dict[str, Any]]:
    """The folder of the artifacts that the phase `learn` leaves, and what it found; for slow tests all of it."""
    root = tmp_path_factory.mktemp("learned") / "root"
    whole = any_slow(request.session.items, "tests/tf_tinybert")
    return root, run_phase("learn", root, str(checkpoint), "whole" if whole else "core")
