"""The encoder that comes with the project: small, told, and what `finetune` starts from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.baselines.sentences import split
from transformers_pt.presets import CHECKPOINTS, backbone, shipped
from transformers_pt.recipes.finetune import Finetune


@pytest.mark.parametrize("name", shipped())
def test_shipped_weights_are_small_halves_with_a_card(name: str) -> None:
    folder = CHECKPOINTS / name
    assert (folder / "model.safetensors").stat().st_size <= 20e6
    assert {weight.dtype for weight in load_file(str(folder / "model.safetensors")).values()} == {np.dtype(np.float16)}
    facts = json.loads((folder / "pretraining.json").read_text())
    assert facts["corpus"]["train_hashes"] and facts["dirty"] is False
    assert facts["command"] in (folder / "README.md").read_text() and str(Path.home()) not in facts["command"]


def test_finetune_starts_from_a_shipped_encoder(tmp_path: Path) -> None:
    recipe = Finetune()
    assert backbone(recipe.defaults["backbone"]).folder in [CHECKPOINTS / name for name in shipped()]
    params = {**recipe.defaults, "epochs": 1, "precision": "float32"}
    (tmp_path / "a").mkdir()
    recipe.fit(split(200, 0), split(60, 1), params, 0, tmp_path / "a")
    probabilities = recipe.load(tmp_path / "a").predict_proba(split(30, 2).texts)
    assert probabilities.dtype == np.float32 and np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert json.loads((tmp_path / "a" / "model.json").read_text())["pretrained"] is True


def test_random_weights_of_a_half_precision_checkpoint_train_in_float32(tmp_path: Path) -> None:
    recipe = Finetune()
    params = {**recipe.defaults, "epochs": 1, "precision": "float32", "weights": "random"}
    (tmp_path / "a").mkdir()
    assert recipe.fit(split(60, 0), split(30, 1), params, 0, tmp_path / "a").epochs_run == 1
