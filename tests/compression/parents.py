"""Trained parents in the layout of `finetune`, small and quick, and what is asked of their children."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoConfig, AutoModel

from bench.api import Compression, Predictor, Split, Training, load_artifact
from tests.baselines.sentences import LABELS, split
from tests.transformers_pt.checkpoints import checkpoint
from tests.transformers_pt.conftest import fit
from transformers_pt.recipes.finetune import Finetune

TRAIN, VALIDATION = split(300, 0, LABELS), split(60, 1, LABELS)
needs_compiler = pytest.mark.skipif(not shutil.which(os.environ.get("CXX", "g++")), reason="no C++ compiler here")
ASKED = [*split(60, 2).texts, "", "😀", "one\0two", "a very long text " * 200]


def parent(family: str, root: Path, **changes: Any) -> Path:
    """A fine-tuned encoder of that family, with the card that the harness writes."""
    return _trained(checkpoint(family, root / "checkpoint"), root / "artifact", **changes)


def _trained(backbone: Path, folder: Path, **changes: Any) -> Path:
    fit(Finetune(), folder, {"backbone": str(backbone), "epochs": 2} | changes)
    write_card(folder, "finetune")
    return folder


def shallow_parent(family: str, root: Path, **changes: Any) -> Path:
    """The same of one layer: to compile each takes a C++ compiler many seconds."""
    source = checkpoint(family, root / "deep")
    config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    config.num_hidden_layers = 1
    model = AutoModel.from_pretrained(source, config=config, use_safetensors=True, trust_remote_code=False)
    model.save_pretrained(source)
    return _trained(source, root / "artifact", **changes)


def write_card(folder: Path, layout: str) -> None:
    """What the harness adds to an artifact."""
    card = {"recipe": layout, "layout": layout, "label_names": list(LABELS), "normalization": "none", "dataset": "toy"}
    (folder / "artifact.json").write_text(json.dumps(card))


def child(recipe: Compression, parent: Path, folder: Path, train: Split = TRAIN, **changes: Any) -> Training:
    """Compress `parent` into the new `folder`; an unknown parameter is a mistake of the test."""
    params = {**recipe.defaults, **changes}
    assert params.keys() == recipe.defaults.keys()
    folder.mkdir(parents=True)
    training = recipe.compress([parent], train, VALIDATION, params, 0, folder)
    write_card(folder, recipe.resolve(params).layout_of([{"layout": "finetune"}]))
    return training


def asked(folder: Path) -> np.ndarray:
    """Probabilities of texts that nobody has learned from."""
    return load_artifact(folder).predict_proba(ASKED)


def loaded(folder: Path) -> Predictor:
    """The predictor of an artifact."""
    return load_artifact(folder)


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.iterdir())
