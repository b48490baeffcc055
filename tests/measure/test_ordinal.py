"""Scores of ordered labels, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from bench.measure.ordinal import ordinal_scores


def test_they_are_scikit_learns() -> None:
    random = np.random.default_rng(0)
    true = random.integers(0, 5, 800)
    said = np.clip(true + random.choice([-2, -1, 0, 0, 0, 1], 800), 0, 4)
    found = ordinal_scores(confusion_matrix(true, said).tolist())
    assert found.mean_absolute_error == pytest.approx(np.abs(true - said).mean())
    assert found.quadratic_kappa == pytest.approx(cohen_kappa_score(true, said, weights="quadratic"))


def test_the_ends() -> None:
    assert ordinal_scores([[3, 0], [0, 4]]) == (0.0, 1.0)
    assert ordinal_scores([[0, 5, 0], [0, 5, 0], [0, 5, 0]]).quadratic_kappa == pytest.approx(0.0)
    assert ordinal_scores([[5, 0], [0, 0]]) == (0.0, None), "one label alone agrees by chance"
