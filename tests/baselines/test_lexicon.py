"""The lexicon's cuts are the best there are, of labels that have an order; what it cannot know it says."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from baselines.cut_points import fit_cuts
from baselines.polarity import polarity_order
from baselines.recipes.lexicon import Lexicon
from bench.api import BenchError, Split, Training, Vader
from tests.baselines.sentences import split

FIVE = ("very positive", "neutral", "very negative", "positive", "negative")


def fit(train: Split, validation: Split, folder: Path, **changes: str) -> Training:
    folder.mkdir()
    return Lexicon().fit(train, validation, {**Lexicon.defaults, **changes}, 0, folder)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_no_other_cuts_are_better(k: int) -> None:
    random = np.random.default_rng(k)
    for _ in range(20):
        scores, steps = random.integers(0, 7, 25).astype(np.float64), random.integers(0, k, 25)
        weights = random.integers(1, 4, 25).astype(np.float64)
        cuts, share = fit_cuts(scores, steps, k, weights)
        tried = itertools.combinations_with_replacement(np.arange(-0.5, 7), k - 1)
        best = max(weights[np.searchsorted(np.array(cut), scores) == steps].sum() for cut in tried)
        assert len(cuts) == k - 1 and (cuts[1:] >= cuts[:-1]).all()
        assert weights[np.searchsorted(cuts, scores) == steps].sum() == best == pytest.approx(share * weights.sum())


def test_labels_in_any_order_of_names(tmp_path: Path) -> None:
    assert [FIVE[i] for i in polarity_order(FIVE)] == ["very negative", "negative", "neutral", "positive",
                                                       "very positive"]  # fmt: skip
    assert polarity_order(["5 stars", "1 star", "3 stars"]) == [1, 2, 0]
    words = ["awful, horrible, terrible", "bad", "at four", "good", "great, lovely, wonderful"]
    texts = [words[polarity_order(FIVE).index(i)] for i in range(5)] * 20
    given = Split([*map(str, range(100))], texts, np.tile(np.arange(5), 20), FIVE)
    fit(given, replace(given, texts=texts), tmp_path / "five")
    assert (Lexicon().load(tmp_path / "five").predict_proba(texts).argmax(axis=1) == given.labels).all()


@pytest.mark.parametrize("names", [("joy", "anger"), ("negative", "bad"), ("1", "positive"), ("good",)])
def test_labels_without_an_order_are_refused(names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="have no order from negative to positive: a lexicon cannot tell them apart"):
        polarity_order(names)


def test_cleaning_is_chosen_on_validation(tmp_path: Path) -> None:
    """Hashtags lie; in the raw text they count."""
    plain = split(150, 1)
    tags = ("#great", "#good", "#awful")
    lying = replace(plain, texts=[f"{t} {tags[x]}" for t, x in zip(plain.texts, plain.labels, strict=True)])
    telling = replace(plain, texts=[f"it {('#bad', '', '#good')[x]}" for x in plain.labels])
    for name, validation in (("bare", lying), ("raw", telling)):
        fit(plain, validation, tmp_path / name)
        assert f'"cleaning": "{name}"' in (tmp_path / name / "model.json").read_text()


def test_it_scores_by_the_lexicon_in_its_artifact(tmp_path: Path) -> None:
    fit(split(90, 0), split(90, 1), tmp_path / "a")
    words = tmp_path / "a" / "vader_lexicon.txt"
    words.write_text("zorb\t-4.0\n")
    assert Vader(tmp_path / "a")(["zorb", "great"]).tolist() == pytest.approx([-0.7184, 0.0], abs=1e-3)


def test_what_it_warns_of(tmp_path: Path) -> None:
    train = split(60, 0, ("0", "1", "2"))
    warned = fit(train, train, tmp_path / "numbers").warnings
    assert warned == ["the labels are numbers, taken to rise from negative to positive"]
    spanish = replace(split(60, 0), texts=["esta película es muy mala y aburrida"] * 60)
    (warned_of,) = fit(spanish, spanish, tmp_path / "spanish").warnings
    assert warned_of.startswith("the lexicon is English, and only 0% of the words")
