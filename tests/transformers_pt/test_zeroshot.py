"""Zero-shot: the nearest description wins, no label is read, and the artifact is an encoder like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import BenchError, Split
from tests.baselines.sentences import split
from transformers_pt.recipes.finetune import Finetune
from transformers_pt.recipes.zeroshot import ZeroShot, descriptions

NAMES = ("negative", "neutral", "positive")


def fit(folder: Path, train: Split, **changes: Any) -> np.ndarray:
    """Probabilities of sentences, by what a loaded artifact is."""
    folder.mkdir()
    params = {**ZeroShot.defaults, "backbone": "tweets-tiny", "max_length": 32, **changes}
    ZeroShot().fit(train, replace(train, texts=[], ids=[], labels=train.labels[:0]), params, 0, folder)
    return Finetune().load(folder).predict_proba([*split(60, 2).texts, *descriptions(NAMES, params)])


def test_a_description_is_nearest_to_itself_and_labels_do_not_matter(tmp_path: Path) -> None:
    train = split(30, 0)
    found = fit(tmp_path / "a", train)
    assert found[60:].argmax(axis=1).tolist() == [0, 1, 2]
    turned = replace(train, labels=(train.labels + 1) % 3)
    np.testing.assert_array_equal(found, fit(tmp_path / "b", turned))
    surer = fit(tmp_path / "c", train, temperature=0.01)
    assert (surer.argmax(axis=1) == found.argmax(axis=1)).all() and surer.max() > found.max()


def test_its_artifact_is_in_the_layout_of_finetune() -> None:
    resolved = ZeroShot().resolve({**ZeroShot.defaults, "backbone": "tweets-tiny"})
    assert resolved.layout == "finetune" and resolved.normalization == "plain-2"


def test_descriptions_of_ones_own() -> None:
    params = {"template": "I feel {}.", "descriptions": "positive = all is well ; neutral=so so"}
    described = descriptions(("very_negative", "neutral", "positive"), params)
    assert described == ["I feel very negative.", "so so", "all is well"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"template": "none"}, "template='none': write {} where the label's name goes"),
        ({"descriptions": "positiv=well"}, "descriptions: no label 'positiv'; did you mean 'positive'?"),
        ({"descriptions": "positive"}, "descriptions: 'positive' has none; write positive=what it means"),
        ({"temperature": 0.0}, "temperature=0.0: give a number above 0"),
    ],
)
def test_bad_parameters(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError) as error:
        fit(tmp_path / "a", split(30, 0), **changes)
    assert str(error.value) == message
