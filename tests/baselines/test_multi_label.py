"""Recipes that learn texts of several labels: each label has a probability of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.api import Recipe, SoftTargets, Split, load_recipe
from bench.measure.quality import validation_scores
from bench.thresholds import fit_thresholds
from tests.tweets import NAMES, tweets

PARAMS = {"linear": {"min_df": 1}, "dnn": {"epochs": 6}, "static": {"epochs": 8}, "lstm": {"epochs": 8}}


def fitted(name: str, validation: Split, out: Path, **params: object) -> tuple[Recipe, np.ndarray]:
    recipe, unseen = load_recipe(name), tweets(150, 2)
    recipe.fit(tweets(300, 0), validation, {**recipe.defaults, **recipe.smoke, **PARAMS[name], **params}, 0, out)
    return recipe, recipe.load(out).predict_proba(unseen.texts)


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_each_label_has_a_probability_of_its_own(name: str, tmp_path: Path) -> None:
    recipe, said = fitted(name, tweets(100, 1), tmp_path)
    unseen = tweets(150, 2)
    assert recipe.multi_label and said.dtype == np.float32 and said.shape == (150, 3)
    assert said.min() >= 0 and said.max() <= 1 and np.ptp(said.sum(axis=1)) > 0.5
    assert validation_scores(unseen.labels, said, NAMES, fit_thresholds(unseen.labels, said)).macro_f1 > 0.9
    assert recipe.load(tmp_path).predict_proba([]).shape == (0, 3)


def test_the_floor_says_how_frequent_each_label_is(tmp_path: Path) -> None:
    recipe, train = load_recipe("constant"), tweets(300, 0)
    recipe.fit(train, tweets(100, 1), {}, 0, tmp_path)
    said = recipe.load(tmp_path).predict_proba(["a text", "another"])
    assert recipe.multi_label and np.allclose(said, train.labels.mean(axis=0), atol=0.01)


@pytest.mark.parametrize("classifier", ["svm", "logreg"])
def test_linear_is_calibrated_without_validation(classifier: str, tmp_path: Path) -> None:
    _, said = fitted("linear", tweets(0, 1), tmp_path, classifier=classifier)
    unseen = tweets(150, 2)
    assert np.abs(said.mean(axis=0) - unseen.labels.mean(axis=0)).max() < 0.15


@pytest.mark.parametrize("name", ["static", "dnn"])
def test_a_student_learns_each_label_from_its_teacher(name: str, tmp_path: Path) -> None:
    """From the teacher alone, where the labels say the contrary."""
    recipe, train = load_recipe(name), tweets(300, 0)
    said = SoftTargets((0.1 + 0.8 * train.labels).astype(np.float32), 1.0, 2.0, multi_label=True)
    taught = replace(train, labels=1 - train.labels, soft_targets=said)
    recipe.fit(taught, tweets(100, 1), {**recipe.defaults, **recipe.smoke, **PARAMS[name]}, 0, tmp_path)
    unseen = tweets(150, 2)
    found = recipe.load(tmp_path).predict_proba(unseen.texts)
    assert validation_scores(unseen.labels, found, NAMES, [0.5] * 3).macro_f1 > 0.9
