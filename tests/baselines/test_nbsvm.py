"""Naive Bayes SVM beside the plain one, on more labels than the paper's two."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.api import Split, load_recipe
from bench.data import DatasetRef, load
from tests.conftest import ROOT

DATA = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data of ../shared/data are not here")


@pytest.fixture(scope="module")
def splits() -> tuple[Split, Split]:
    """4,000 training texts of five labels, and validation."""
    loaded = load(DatasetRef("covid19-5", data_dir=DATA))
    few = slice(4000)
    train = loaded.train
    part = dataclasses.replace(train, ids=train.ids[few], texts=train.texts[few], labels=train.labels[few])
    return part, loaded.validation


def accuracy(recipe: str, changes: dict[str, Any], splits: tuple[Split, Split], folder: Path) -> float:
    made = load_recipe(recipe)
    train, validation = splits
    folder.mkdir()
    made.fit(train, validation, {**made.defaults, "word_ngrams": "1-1", **changes}, 0, folder)
    predicted = made.load(folder).predict_proba(validation.texts).argmax(axis=1)
    return float((predicted == validation.labels).mean())


def test_of_five_labels_it_is_nearly_as_good_as_the_plain_one(splits: tuple[Split, Split], tmp_path: Path) -> None:
    plain = accuracy("linear", {"char_ngrams": "none"}, splits, tmp_path / "linear")
    assert accuracy("nbsvm", {}, splits, tmp_path / "nbsvm") > plain - 0.05
    papers = accuracy("nbsvm", {"beta": 0.25}, splits, tmp_path / "papers")
    assert papers < plain - 0.05, "what the paper found for two labels does not hold for five"
