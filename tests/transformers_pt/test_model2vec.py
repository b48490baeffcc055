"""model2vec: it learns, repeats itself, is served without PyTorch, and takes any text."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import BenchError
from tests.baselines.phases import AWKWARD
from tests.baselines.sentences import split
from tests.conftest import ROOT
from tests.transformers_pt.checkpoints import checkpoint
from tests.transformers_pt.conftest import accuracy, predicted
from transformers_pt.recipes.model2vec import Model2Vec

pytest.importorskip("model2vec")
ALONE = """
import sys
from pathlib import Path
from bench.api import load_artifact
load_artifact(Path(sys.argv[1])).predict_proba(["a great film"])
print("torch" in sys.modules)
"""


def fit(folder: Path, **changes: Any) -> None:
    folder.mkdir()
    backbone = checkpoint("bert", folder.parent / "bert")  # of 400 tokens, so that it is quick
    train = split(300, 0)
    none = replace(train, ids=[], texts=[], labels=train.labels[:0])
    Model2Vec().fit(train, none, {**Model2Vec.defaults, "backbone": str(backbone), "dim": 24, **changes}, 0, folder)


def test_it_learns_repeats_itself_and_takes_any_text(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fit(tmp_path / name)
    first = predicted(Model2Vec(), tmp_path / "a")
    np.testing.assert_array_equal(first, predicted(Model2Vec(), tmp_path / "b"))
    assert accuracy(first) > 0.6, "a third by chance; how much above differs between processors"
    predictor = Model2Vec().load(tmp_path / "a")
    assert predictor.predict_proba([]).shape == (0, 3)
    awkward = predictor.predict_proba([*AWKWARD, "great film " * 1_000_000])
    np.testing.assert_allclose(awkward.sum(axis=1), 1, atol=1e-5)
    alone = np.concatenate([predictor.predict_proba([text]) for text in AWKWARD])
    np.testing.assert_allclose(alone, awkward[:-1], atol=1e-5)
    lost = predictor.truncation(["great film " * 1000])
    assert lost is not None and lost.texts == 1.0

    card = {"artifact_version": 1, "recipe": "model2vec", "layout": "model2vec", "framework": "pytorch", "params": {},
            "seed": 0, "normalization": "plain-2", "label_names": ["a", "b", "c"], "dataset": "toy"}  # fmt: skip
    (tmp_path / "a" / "artifact.json").write_text(json.dumps(card))
    command = [sys.executable, "-c", ALONE, str(tmp_path / "a")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, check=True)
    assert told.stdout.split() == [b"False"]


def test_bad_parameters(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="model2vec: give C above 0, sif between 0 and 1, and dim of 1 or more"):
        fit(tmp_path / "a", sif=1.0)
