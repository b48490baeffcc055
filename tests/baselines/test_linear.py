"""The linear baseline says how sure it is by texts that it has not learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from baselines.recipes.linear import Linear
from bench.api import Split
from tests.baselines.sentences import log_loss, split

PARAMS = {**Linear.defaults, **Linear.smoke, "min_df": 1, "C": 10.0}


def noisy(rows: int, seed: int) -> Split:
    """Sentences of which three in ten have a wrong label, and rare words by which one can learn these by heart."""
    right, random = split(rows, seed), np.random.default_rng(seed)
    texts = [f"{text} rare{random.integers(400)}" for text in right.texts]
    wrong = random.random(rows) < 0.3
    return replace(right, texts=texts, labels=np.where(wrong, (right.labels + 1) % 3, right.labels))


def test_it_is_calibrated_on_validation(tmp_path: Path) -> None:
    """No other temperature gives validation a smaller loss."""
    validation = noisy(300, 1)
    Linear().fit(noisy(600, 0), validation, PARAMS, 0, tmp_path)
    said = Linear().load(tmp_path).predict_proba(validation.texts)
    sharper, blunter = (said**power / (said**power).sum(axis=1, keepdims=True) for power in (1.1, 0.9))
    assert log_loss(validation, said) < min(log_loss(validation, sharper), log_loss(validation, blunter))


@pytest.mark.parametrize("classifier", ["svm", "logreg"])
def test_without_validation_it_is_as_sure_as_it_is_right(classifier: str, tmp_path: Path) -> None:
    unseen = noisy(600, 2)
    Linear().fit(noisy(600, 0), noisy(0, 1), PARAMS | {"classifier": classifier}, 0, tmp_path)
    said = Linear().load(tmp_path).predict_proba(unseen.texts)
    right = (said.argmax(axis=1) == unseen.labels).mean()
    assert 0.5 < right < 0.75 and said.max(axis=1).mean() == pytest.approx(right, abs=0.15)
