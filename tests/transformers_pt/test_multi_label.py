"""Encoders that learn texts of several labels: sigmoids from the training to a folder that `transformers` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from bench.api import BenchError, Recipe, Training
from bench.measure.quality import validation_scores
from bench.params import with_defaults
from bench.thresholds import fit_thresholds
from tests.transformers_pt.conftest import QUICK, Checkpoints
from tests.tweets import NAMES, tweets
from transformers_pt.adapters import FOLDER, apply_adapter
from transformers_pt.hub.folder import write_folder
from transformers_pt.recipes.finetune import Finetune
from transformers_pt.recipes.hf import Hf
from transformers_pt.recipes.lora import Lora

UNSEEN = tweets(150, 2)
POOLED = {"pooling": "cls+mean+max", "long_texts": "chunks", "max_length": 8, "chunk_overlap": 2}
WEIGHED = {"class_weight": "balanced", "label_smoothing": 0.05, "monitor": "macro_f1"}
LOW_RANK = {"learning_rate": 5e-3, "targets": "query,key,value,output"}
KINDS: dict[str, tuple[Recipe, dict[str, Any]]] = {
    "head": (Finetune(), {}),
    "pooled": (Finetune(), POOLED),
    "weighed": (Finetune(), WEIGHED | {"pooling": "cls+mean+max"}),
    "lora": (Lora(), LOW_RANK),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Training]]:
    """Artifacts of each kind, and what their trainings said."""
    made = {}
    for kind, (recipe, changes) in KINDS.items():
        folder = tmp_path_factory.mktemp(kind)
        params = {**recipe.defaults, **QUICK, "learning_rate": 2e-3, **changes}
        made[kind] = folder, recipe.fit(tweets(400, 0), tweets(100, 1), params, 0, folder)
    return made


def proba(folder: Path, recipe: Recipe | None = None) -> np.ndarray:
    return (recipe or Finetune()).load(folder).predict_proba(UNSEEN.texts)


@pytest.mark.parametrize("kind", KINDS)
def test_each_label_has_a_probability_of_its_own(kind: str, trained: dict[str, tuple[Path, Training]]) -> None:
    folder, log = trained[kind]
    said = proba(folder, KINDS[kind][0])
    assert said.dtype == np.float32 and said.shape == (150, 3) and np.ptp(said.sum(axis=1)) > 0.5
    assert validation_scores(UNSEEN.labels, said, NAMES, fit_thresholds(UNSEEN.labels, said)).macro_f1 > 0.9
    assert {"validation_loss", "validation_accuracy", "validation_macro_f1"} <= log.history[-1].keys()
    if kind == "weighed":
        assert log.best_epoch == 1 + int(np.argmax([entry["validation_macro_f1"] for entry in log.history]))


def told(folder: Path, **options: Any) -> np.ndarray:
    """What a pipeline says of each label."""
    rows = pipeline("text-classification", str(folder), top_k=None, truncation=True, **options)(UNSEEN.texts)
    return np.array([[{one["label"]: one["score"] for one in row}[name] for name in NAMES] for row in rows])


def test_a_pipeline_of_the_library_answers_with_sigmoids(
    trained: dict[str, tuple[Path, Training]], tmp_path: Path
) -> None:
    np.testing.assert_allclose(told(trained["head"][0], max_length=24), proba(trained["head"][0]), atol=1e-5)
    for kind in ("head", "weighed", "lora"):
        folder = write_folder(trained[kind][0], tmp_path / kind, UNSEEN.texts)
        assert "top_k=None" in folder.usage
        code = {"trust_remote_code": True} if kind == "weighed" else {}
        np.testing.assert_allclose(told(tmp_path / kind, **code), proba(trained[kind][0]), atol=1e-5)


def test_an_adapter_is_put_on_its_backbone(trained: dict[str, tuple[Path, Training]], tmp_path: Path) -> None:
    (trained["lora"][0] / "artifact.json").write_text('{"label_names": [], "dataset": "mine"}')
    apply_adapter(trained["lora"][0] / FOLDER, tmp_path / "whole")
    np.testing.assert_allclose(proba(tmp_path / "whole"), proba(trained["lora"][0], Lora()), atol=1e-5)
    np.testing.assert_allclose(told(tmp_path / "whole", max_length=24), proba(tmp_path / "whole"), atol=1e-5)


def theirs(encoder: Path, folder: Path, **config: Any) -> Path:
    """A classifier as others leave it, its labels in an order of their own."""
    names = dict(enumerate(("sadness", "Anger", "joy")))
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder, num_labels=3, id2label=names, label2id={name: i for i, name in names.items()}, **config,
        use_safetensors=True, trust_remote_code=False,
    )  # fmt: skip
    torch.nn.init.normal_(model.classifier.weight, std=2.0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(encoder, trust_remote_code=False).save_pretrained(folder)
    return folder


def test_a_classifier_of_several_labels_is_taken_as_it_is(checkpoints: Checkpoints, tmp_path: Path) -> None:
    several = theirs(checkpoints["bert"], tmp_path / "several", problem_type="multi_label_classification")
    single = theirs(checkpoints["bert"], tmp_path / "single")
    (tmp_path / "artifact").mkdir()

    def take(folder: Path, train: Any) -> None:
        given = with_defaults(Hf(), {"model": str(folder)})
        Hf().resolve(given)
        Hf().fit(train, train, given, 0, tmp_path / "artifact")

    take(several, UNSEEN)
    expected = pipeline("text-classification", str(several), top_k=None)(UNSEEN.texts)
    ours = [[{one["label"].lower(): one["score"] for one in row}[name] for name in NAMES] for row in expected]
    np.testing.assert_allclose(proba(tmp_path / "artifact"), ours, atol=1e-5)
    with pytest.raises(BenchError, match="answers with one label a text"):
        take(single, UNSEEN)
    one = UNSEEN.__class__(UNSEEN.ids, UNSEEN.texts, UNSEEN.labels.argmax(axis=1), NAMES)
    with pytest.raises(BenchError, match="solves 'multi_label_classification'"):
        take(several, one)
    config = json.loads((tmp_path / "artifact" / "config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"
