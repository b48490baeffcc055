"""Ensembles and students of another framework, through `bench run` with a suite."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bench.api import BenchError, load_artifact, read_card
from compression.recipes.ensemble import Ensemble, frameworks_of
from tests.baselines.sentences import LABELS, split
from tests.conftest import RECIPES, run_bench

UNSEEN = split(40, 2).texts


def member(folder: Path, layout: str) -> Path:
    """A folder that says what it is; enough where nothing is loaded."""
    folder.mkdir(parents=True)
    card = {"recipe": layout, "layout": layout, "label_names": list(LABELS)}
    (folder / "artifact.json").write_text(json.dumps(card))
    return folder


def ensemble(folder: Path, *parents: Path) -> Path:
    folder.mkdir()
    Ensemble().compress(parents, split(3, 0), split(3, 1), {}, 0, folder)
    (folder / "artifact.json").write_text(json.dumps({"recipe": "ensemble", "label_names": list(LABELS)}))
    return folder


def test_frameworks_that_cannot_share_a_process_are_refused(tmp_path: Path) -> None:
    torch, keras, numpy = (member(tmp_path / name, name) for name in ("finetune", "lstm", "linear"))
    nested = ensemble(tmp_path / "nested", keras, numpy)
    assert frameworks_of(nested) == {"keras", "scikit-learn"}
    for mixed in ((torch, keras), (torch, nested)):
        with pytest.raises(BenchError, match="PyTorch and TensorFlow never share a process"):
            ensemble(tmp_path / f"mixed-{mixed[1].name}", *mixed)


FAMILY: list[dict[str, Any]] = [
    {"id": "teacher", "recipe": "finetune", "params": {
        "backbone": "tweets-tiny", "epochs": 1, "max_length": 24, "learning_rate": 2e-3, "precision": "float32"}},
    {"id": "other", "recipe": "bayes"},
    {"id": "both", "recipe": "ensemble", "parent": ["teacher", "other"]},
    {"recipe": "distill", "parent": "both", "params": {
        "student": "lstm[vocabulary=300,max_length=24,embedding=8,units=8,epochs=1,batch_size=32]"}},
]  # fmt: skip


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which PyTorch, naive Bayes and their ensemble have taught Keras."""
    folder = tmp_path_factory.mktemp("family")
    data, path = folder / "sentences.csv", folder / "family.yaml"
    rows = split(240, 0)
    lines = [f"{text},{LABELS[label]}" for text, label in zip(rows.texts, rows.labels, strict=True)]
    data.write_text("\n".join(["text,label", *lines]) + "\n")
    suite = {"name": "family", "datasets": [str(data)], "seeds": [0], "measure": "none", "runs": FAMILY}
    path.write_text(yaml.safe_dump(suite))
    ran = run_bench(folder, "run", str(path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "store"


def rows(store: Path, recipe: str) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (store / "results").glob("*/result.json")]
    return [row for row in found if row["identity"]["recipe"] == recipe]


@pytest.mark.slow
def test_an_ensemble_teaches_a_student_of_another_framework(family: Path) -> None:
    (both,), (student,) = rows(family, "ensemble"), rows(family, "distill")
    assert student["identity"]["parent_run_id"] == student["identity"]["teacher_run_id"] == both["run_id"]
    assert student["data"]["normalization"] == "plain-2" and student["device"]["runtime"] == "keras"
    assert student["training"]["teacher_bytes"] == both["size"]["bytes_on_disk"]
    assert len(list((family / "cache" / "teachers").iterdir())) == 1


@pytest.mark.slow
def test_an_ensemble_is_the_mean_of_its_members_and_needs_nothing_else(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    (both,) = rows(family, "ensemble")
    moved = shutil.copytree(family / "artifacts" / both["identity"]["artifact"], tmp_path / "moved")
    whole = load_artifact(moved)
    members = [load_artifact(moved / "members" / name) for name in ("0", "1")]
    expected = np.mean([one.predict_proba(UNSEEN) for one in members], axis=0)
    np.testing.assert_allclose(whole.predict_proba(UNSEEN), expected, atol=1e-6)
    assert whole.parameters == sum(one.parameters for one in members)
    assert whole.predict_proba([]).shape == (0, len(read_card(moved)["label_names"]))
    assert whole.runtime == "torch+numpy"
