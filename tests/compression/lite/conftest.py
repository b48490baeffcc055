"""TensorFlow runs in processes of its own; the family is trained once for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import any_slow
from tests.forks import ROOT, fork
from tests.tf_tinybert.conftest import QUIET


def run_phase(command: str, root: Path, anew: bool = False) -> Any:
    """`python -m tests.compression.lite.phases …`, forked from one with TensorFlow or `anew`; what it found."""
    out, settings = root.parent / f"{command}.json", os.environ | QUIET
    arguments = ("tests.compression.lite.phases", command, str(root), str(out))
    if anew:
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=settings, capture_output=True, timeout=600
        )
    else:
        done = fork("tensorflow", *arguments, environment=settings, folder=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(out.read_text())


@dataclass(frozen=True)
class Family:
    """Where the artifacts are, how they were trained, and what they say when they are loaded elsewhere."""

    root: Path
    logs: dict[str, Any]
    told: dict[str, Any]

    def gap(self, one: str, other: str) -> float:
        """The largest difference between the probabilities of two artifacts."""
        first, second = (np.array(self.told[name]["probabilities"]) for name in (one, other))
        return float(np.abs(first - second).max())

    def size(self, name: str, file: str) -> int:
        """Bytes."""
        return (self.root / name / file).stat().st_size


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Family:
    """Trained in one process, read in another, which has no TensorFlow when it begins; for slow tests all of it."""
    command = "family" if any_slow(request.session.items, "tests/compression/lite") else "core"
    root = tmp_path_factory.mktemp("family") / "root"
    return Family(root, run_phase(command, root), run_phase("tell", root, anew=True))
