"""A recipe that fails in the way that it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.api import STANDALONE, BenchError, Params, Predictor, Probabilities, Recipe, RunContext, Split, Training


class _Wrong(Predictor):
    parameters = nonzero_parameters = 1
    runtime = "numpy"

    def __init__(self, how: str) -> None:
        self.how = how

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        if self.how == "nan":
            return np.full((len(texts), 3), np.nan, np.float32)
        if self.how == "shape":
            return np.ones((len(texts), 7), np.float32)
        if self.how == "slow" and len(texts) == 1:
            raise RuntimeError("no single texts here")
        return np.full((len(texts), 3), 1 / 3, np.float32)


class Broken(Recipe):
    """Fails on purpose (tests)."""

    name, framework = "broken", "none"
    defaults = {"how": "raise", "file": ""}
    path_params = ("file",)

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        how = params["how"]
        if how == "raise":
            raise ValueError("two\nlines of trouble")
        if how == "file":
            print(f"reading {params['file']}", flush=True)
            raise BenchError(f"{params['file']}: nothing to learn in it")
        if how == "refuse":
            raise BenchError("loss is NaN at step 3; lower the learning rate")
        if how == "memory":
            raise MemoryError
        if how == "torch_memory":
            import torch

            torch.empty(2**50)
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "sleep":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            cache = Path(os.environ["SENTIBENCH_CACHE"])
            cache.mkdir(exist_ok=True)
            (cache / "child.pid").write_text(str(child.pid))
            time.sleep(600)
        (out_dir / "how.txt").write_text(how)
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        return _Wrong((artifact_dir / "how.txt").read_text())
