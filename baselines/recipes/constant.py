"""The label frequencies of the training texts, whatever the text: what every other recipe must beat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.api import STANDALONE, Params, Predictor, Probabilities, Recipe, RunContext, Split, Training


class Constant(Recipe):
    """The label frequencies of the training texts, whatever the text."""

    name, framework = "constant", "numpy"
    deterministic = True
    multi_label = True

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Count; add-one smoothed, so that no label is impossible, nor certain where a text may have several."""
        if train.multi_label:
            frequencies = (train.labels.sum(axis=0) + 1.0) / (len(train) + 2.0)
        else:
            counts = np.bincount(train.labels, minlength=len(train.label_names)) + 1.0
            frequencies = counts / counts.sum()
        document = {"label_names": list(train.label_names), "probabilities": frequencies.tolist()}
        (out_dir / "model.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        """Read the frequencies."""
        document = json.loads((artifact_dir / "model.json").read_text(encoding="utf-8"))
        return ConstantPredictor(np.array(document["probabilities"], np.float32))


class ConstantPredictor(Predictor):
    """The same row for every text."""

    runtime = "numpy"

    def __init__(self, row: Probabilities) -> None:
        self.row = row
        self.parameters = self.nonzero_parameters = len(row)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        return np.tile(self.row, (len(texts), 1))
