"""A quick recipe with epochs for tests of searches: it says how its validation goes, and is as good as it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
)

BEST_EPOCH = 3


class _Always(Predictor):
    runtime = "numpy"

    def __init__(self, row: list[float]) -> None:
        self.row = np.array(row, np.float32)
        self.parameters = self.nonzero_parameters = len(row)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        return np.tile(self.row, (len(texts), 1))


class Epochal(Recipe):
    """The commonest label of validation where `level` is good, the rarest where it is bad (tests)."""

    name, framework, requires = "epochal", "numpy", ("numpy",)
    defaults = {"level": "good", "rate": 1e-3, "epochs": 4, "pause": 0.0, "fails_over": 1.0}
    space = {"level": Choice("good", "bad"), "rate": LogUniform(1e-5, 1e-1)}
    smoke = {"pause": 0.0}

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        if params["rate"] > params["fails_over"]:
            raise BenchError(f"rate={params['rate']} is too high")
        good = params["level"] == "good"
        for epoch in range(1, params["epochs"] + 1):
            time.sleep(params["pause"])
            told = {"validation_accuracy": (0.6 if good else 0.2) + epoch / 100} if len(validation) else {}
            context.progress(epoch, params["epochs"], loss=1 / epoch, **told)
        labels = validation.labels if len(validation) else train.labels
        counts = np.bincount(labels, minlength=len(train.label_names)).astype(float)
        label = counts.argmax() if good else counts.argmin()
        row = np.full(len(counts), 0.1 / (len(counts) - 1))
        row[label] = 0.9
        rows = {"probabilities": row.tolist(), "trained_on": len(train), "epochs": params["epochs"]}
        (out_dir / "model.json").write_text(json.dumps(rows))
        best = min(BEST_EPOCH, params["epochs"]) if len(validation) else None
        return Training(epochs_run=params["epochs"], best_epoch=best)

    def load(self, artifact_dir: Path) -> Predictor:
        return _Always(json.loads((artifact_dir / "model.json").read_text())["probabilities"])
