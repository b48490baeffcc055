"""Teachers trained once for all tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, BertConfig, BertModel

from bench.api import Recipe, RunContext, load_recipe
from tests.baselines.sentences import LABELS, split
from tests.compression.parents import parent, shallow_parent
from tests.conftest import RECIPES
from tests.transformers_pt.checkpoints import SIZE, checkpoint

QUICK = {"epochs": 3, "max_length": 24, "learning_rate": 5e-3, "batch_size": 16, "precision": "float32"}


def trained(recipe: Recipe, params: dict[str, Any], folder: Path) -> Path:
    """An artifact with its card, as the harness leaves it."""
    folder.mkdir(parents=True)
    recipe.fit(split(300, 0), split(90, 1), {**recipe.defaults, **params}, 0, folder)
    card = {"recipe": recipe.name, "label_names": list(LABELS), "params": params, "dataset": "sentences"}
    (folder / "artifact.json").write_text(json.dumps(card | {"normalization": "none"}))
    return folder


@pytest.fixture(scope="session")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small checkpoints with random weights, of two shapes and the same tokens."""
    root = tmp_path_factory.mktemp("backbones")
    deep = checkpoint("minilm", root / "minilm")
    flat = Path(shutil.copytree(deep, root / "bert"))
    vocabulary = AutoConfig.from_pretrained(deep, trust_remote_code=False).vocab_size
    BertModel(BertConfig(vocab_size=vocabulary, max_position_embeddings=64, **SIZE)).save_pretrained(flat)
    return {"minilm": deep, "bert": flat}


@pytest.fixture(scope="session")
def teacher(backbones: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned encoder."""
    from transformers_pt.recipes.finetune import Finetune

    params = QUICK | {"backbone": str(backbones["minilm"]), "epochs": 5}
    return trained(Finetune(), params, tmp_path_factory.mktemp("teacher") / "artifact")


@pytest.fixture
def quick_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A naive Bayes, which answers without a framework."""
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    return trained(load_recipe("bayes"), {}, tmp_path / "bayes")


@pytest.fixture
def kept(tmp_path: Path) -> RunContext:
    """As in the harness: what a teacher said is kept, in the folder `teachers` of the cache."""
    return RunContext(cache=tmp_path / "cache", prepared=tmp_path / "prepared")


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned BERT with the library's own head."""
    return parent("bert", tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned RoBERTa under three poolings."""
    return parent("roberta", tmp_path_factory.mktemp("roberta"), pooling="cls+mean+max")


@pytest.fixture(scope="session")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned DistilBERT."""
    return parent("distilbert", tmp_path_factory.mktemp("distilbert"))


@pytest.fixture(scope="session")
def electra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned ELECTRA of one layer."""
    return shallow_parent("electra", tmp_path_factory.mktemp("electra"))


@pytest.fixture(scope="session")
def shallow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned RoBERTa of one layer under three poolings."""
    return shallow_parent("roberta", tmp_path_factory.mktemp("shallow"), pooling="cls+mean+max")
