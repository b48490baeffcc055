"""Children of an encoder of several labels a text: sigmoids in every runtime, and students that learn each label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import Compression, SoftTargets, load_artifact
from bench.measure.quality import validation_scores
from bench.thresholds import fit_thresholds
from compression.recipes.distill import Distill
from compression.recipes.ensemble import Ensemble
from compression.recipes.export import Export
from compression.recipes.prune import Prune
from compression.recipes.quantize import Quantize
from tests.transformers_pt.conftest import QUICK
from tests.tweets import NAMES, tweets
from transformers_pt.recipes.finetune import Finetune

TRAIN, VALIDATION, UNSEEN = tweets(400, 0), tweets(100, 1), tweets(150, 2)
RECOVERED = {"recovery_epochs": 2, "importance_rows": 96, "precision": "float32", "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the shipped encoder."""
    folder = tmp_path_factory.mktemp("parent")
    params = {**Finetune.defaults, **QUICK, "learning_rate": 2e-3, "pooling": "cls+mean+max"}
    Finetune().fit(TRAIN, VALIDATION, params, 0, folder)
    return carded(folder, "finetune")


def carded(folder: Path, layout: str) -> Path:
    card = {"recipe": layout, "layout": layout, "label_names": NAMES, "normalization": "none", "dataset": "mine"}
    (folder / "artifact.json").write_text(json.dumps(card | {"thresholds": [0.5] * 3}))
    return folder


def child(recipe: Compression, parents: list[Path], folder: Path, **changes: Any) -> np.ndarray:
    """Probabilities of texts that nobody has seen."""
    assert recipe.multi_label
    params = {**recipe.defaults, **changes}
    folder.mkdir()
    recipe.compress(parents, TRAIN, VALIDATION, params, 0, folder)
    carded(folder, recipe.resolve(params).layout_of([{"layout": "finetune"}]))  # type: ignore[typeddict-item]
    return load_artifact(folder).predict_proba(UNSEEN.texts)


def f1(said: np.ndarray) -> float:
    return validation_scores(UNSEEN.labels, said, NAMES, fit_thresholds(UNSEEN.labels, said)).macro_f1


@pytest.mark.parametrize(
    ("recipe", "to", "near"),
    [
        (Export(), "onnx", 1e-4),
        (Export(), "openvino", 1e-4),
        (Quantize(), "onnx-int8", 0.2),
        (Quantize(), "openvino-int8", 0.2),
        (Quantize(), "torch-int8", 0.2),
        (Quantize(), "float16", 1e-2),
    ],
)
def test_every_runtime_gives_each_label_a_probability(
    recipe: Compression, to: str, near: float, parent: Path, tmp_path: Path
) -> None:
    before, said = load_artifact(parent).predict_proba(UNSEEN.texts), child(recipe, [parent], tmp_path / "c", to=to)
    assert np.abs(said - before).max() < near and np.ptp(said.sum(axis=1)) > 0.5 and f1(said) > 0.9


def test_what_is_pruned_or_joined_answers_so_too(parent: Path, tmp_path: Path) -> None:
    assert f1(child(Prune(), [parent], tmp_path / "pruned", ratio=0.3, teach=True, **RECOVERED)) > 0.9
    assert f1(child(Ensemble(), [parent, tmp_path / "pruned"], tmp_path / "both")) > 0.9


def test_a_student_learns_each_label_from_its_teacher(parent: Path, tmp_path: Path) -> None:
    """From the teacher alone: no label is in the loss."""
    student = "finetune[epochs=2,precision=float32,learning_rate=0.002,max_length=24]"
    assert f1(child(Distill(), [parent], tmp_path / "student", student=student, alpha=1.0, augment=1)) > 0.9


def test_soft_targets_of_several_labels_are_softened_label_by_label() -> None:
    said = np.array([[0.9, 0.5, 0.001]], np.float32)
    softened = SoftTargets(said, 0.5, 2.0, multi_label=True).softened()
    np.testing.assert_allclose(softened, [[0.75, 0.5, 0.0307]], atol=1e-3)
