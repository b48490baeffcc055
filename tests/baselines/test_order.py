"""A file whose rows are sorted by label, as many are published, is learned as well as one that is mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.api import Split
from tests.baselines.conftest import RECIPES
from tests.baselines.phases import recipe_of

ROWS = 4_000


def noisy(rows: int, seed: int) -> Split:
    """Sorted by label: eight words that say nothing, and two of which one in five misleads."""
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1], rows // 2)
    texts = []
    for label in labels:
        means = [("bad", "good")[int(label) ^ int(random.random() < 0.2)] for _ in range(2)]
        texts.append(
            " ".join([f"word{n}" for n in random.integers(0, 300, 8)] + [f"{m}{random.integers(10)}" for m in means])
        )
    return Split([*map(str, range(rows))], texts, labels, ("negative", "positive"))


@pytest.mark.parametrize("name", [name for name in ("linear", "nbsvm", "fasttext", "textcat") if name in RECIPES])
def test_rows_sorted_by_label_are_learned(name: str, tmp_path: Path) -> None:
    recipe, train, validation = recipe_of(name), noisy(ROWS, 0), noisy(400, 1)
    recipe.fit(train, validation, recipe.defaults, 0, tmp_path)
    predicted = recipe.load(tmp_path).predict_proba(validation.texts).argmax(axis=1)
    assert (predicted == validation.labels).mean() > 0.7
    assert 0.4 < predicted.mean() < 0.6


@pytest.mark.skipif("fasttext" not in RECIPES, reason="fastText is not installed")
def test_each_seed_is_another_fasttext(tmp_path: Path) -> None:
    recipe, train, validation = recipe_of("fasttext"), noisy(200, 0), noisy(20, 1)
    answers = []
    for number, seed in enumerate((0, 0, 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        recipe.fit(train, validation, recipe.defaults, seed, folder)
        answers.append(recipe.load(folder).predict_proba(validation.texts))
    np.testing.assert_array_equal(answers[0], answers[1])
    assert np.abs(answers[0] - answers[2]).max() > 1e-3
