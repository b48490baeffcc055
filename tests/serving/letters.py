"""A model whose answer a test can work out by itself: how many of a text's characters are vowels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.api import Predictor, Probabilities
from serving.batch import Count, Job, score
from serving.model import Model

LABELS = ["vowels", "x"]


def vowels(text: str) -> float:
    """The probability of the first label."""
    return round(sum(letter in "aeiou" for letter in text) / max(len(text), 1), 3)


class _Letters(Predictor):
    runtime = "python"

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        assert texts and all(texts)
        return np.array([[vowels(text), 1 - vowels(text)] for text in texts], np.float32)


def letters(folder: Path) -> Model:
    return Model(folder, "0" * 64, {"label_names": LABELS}, _Letters())


def scored(source: Path, target: Path, model: Model | None = None, **options: object) -> Count:
    """`serving predict` without the loading."""
    job = Job(source, target, **{"kind": None, "target_kind": None} | options)  # type: ignore[arg-type]
    return score(job, model or letters(source.parent / "artifact"), lambda count: None)
