"""Small checkpoints made once, and a training in a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import Predictor, Recipe, Training
from tests.baselines.sentences import LABELS, split
from tests.transformers_pt.checkpoints import FAMILIES, checkpoint

QUICK = {"epochs": 3, "max_length": 24, "learning_rate": 5e-3, "batch_size": 16, "precision": "float32"}
Checkpoints = dict[str, Path]
Fit = Callable[..., "tuple[Training, Path]"]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    """A folder for each family."""
    root = tmp_path_factory.mktemp("checkpoints")
    return {family: checkpoint(family, root / family) for family in FAMILIES}


def fit(recipe: Recipe, folder: Path, changes: dict[str, Any], rows: int = 300, seed: int = 0) -> Training:
    """Train `recipe` with quick parameters and `changes`, leave the artifact in `folder`."""
    params = {**recipe.defaults, **QUICK, **changes}
    folder.mkdir(parents=True)
    return recipe.fit(split(rows, 0, LABELS), split(90, 1, LABELS), params, seed, folder)


def predicted(recipe: Recipe, folder: Path) -> np.ndarray:
    """Probabilities of sentences that nobody has seen."""
    predictor: Predictor = recipe.load(folder)
    return predictor.predict_proba(split(120, 2).texts)


def accuracy(probabilities: np.ndarray) -> float:
    """On the sentences of `predicted`."""
    return float((probabilities.argmax(1) == split(120, 2).labels).mean())
