from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.api import load_recipe
from bench.artifact import folder_hash
from tests.baselines.sentences import LABELS, split
from tests.forks import ROOT, fork


@dataclass(frozen=True)
class Artifact:
    """A `linear`: what an image serves is a recipe of the project's own; and what it says of some texts."""

    folder: Path
    texts: list[str]
    probabilities: np.ndarray
    labels: list[str]

    @property
    def hash(self) -> str:
        return folder_hash(self.folder)


@pytest.fixture(scope="session")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder, recipe = tmp_path_factory.mktemp("linear") / "artifact", load_recipe("linear")
    folder.mkdir()
    recipe.fit(split(300, 0), split(60, 1), recipe.defaults, 0, folder)
    card = {
        "artifact_version": 1, "recipe": "linear", "layout": "linear", "params": dict(recipe.defaults),
        "normalization": recipe.normalization, "label_names": list(LABELS), "dataset": "sentences",
    }  # fmt: skip
    (folder / "artifact.json").write_text(json.dumps(card))
    texts = split(300, 2).texts
    return Artifact(folder, texts, recipe.load(folder).predict_proba(texts), list(LABELS))


@pytest.fixture(scope="session")
def bundle(linear: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packaged") / "bundle"
    command = ("serving", "package", str(linear.folder), "--out", str(folder))
    ran = fork("bench", *command, environment=os.environ, folder=ROOT)
    assert ran.returncode == 0, ran.stderr.decode()
    return folder
