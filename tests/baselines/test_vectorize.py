"""Text features and the linear model on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import hstack

from baselines.recipes.linear import fit_temperature
from baselines.vectorize import MAX_CHARACTERS, TextFeatures, sparse_product
from bench.normalize import normalizer
from tests.baselines.sentences import split

PARAMS = {"word_ngrams": "1-2", "char_ngrams": "2-3", "min_df": 1, "max_features": 0, "sublinear": True}


def test_features_after_saving_are_the_same(tmp_path: Path) -> None:
    features = TextFeatures(PARAMS, "plain-2")
    matrix = features.fit_transform(split(100, 0).texts)
    loaded = TextFeatures.load(tmp_path, features.save(tmp_path), PARAMS, "plain-2")
    again = hstack(loaded.transform(loaded.clean(split(100, 0).texts)), format="csr")
    np.testing.assert_allclose(again.toarray(), matrix.toarray(), atol=1e-6)
    assert sum(features.widths) == matrix.shape[1]


def test_negation_marks_and_emoji_are_features() -> None:
    features = TextFeatures(PARAMS, "plain-2")
    features.fit_transform(["not good :-) 😀 !!! #tag @me don't"])
    assert {"not", "not good", ":-)", "😀", "!!!", "user", "don"} <= set(features.blocks["word"].vocabulary_)


def test_max_features_bounds_each_block() -> None:
    features = TextFeatures({**PARAMS, "max_features": 30}, "plain-2")
    assert features.fit_transform(split(100, 0).texts).shape == (100, 60)
    assert features.widths == [30, 30]


def test_long_texts_are_cut_before_any_work() -> None:
    assert len(TextFeatures(PARAMS, "plain-2").clean(["a b " * 2_500_000])[0]) <= MAX_CHARACTERS


def test_product_of_blocks_is_the_product_of_the_whole() -> None:
    features = TextFeatures(PARAMS, "plain-2")
    features.fit_transform(split(60, 0).texts)
    blocks = features.transform(features.clean(split(20, 1).texts))
    kernel = np.random.default_rng(0).normal(size=(sum(features.widths), 3)).astype(np.float32)
    np.testing.assert_allclose(sparse_product(blocks, kernel), hstack(blocks) @ kernel, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wanted", [0.5, 1.0, 3.0])
def test_temperature_is_found(wanted: float) -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(20_000, 3)) * 2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (random.random((len(logits), 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert fit_temperature(logits * wanted, labels) == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("regionÂ\x92s", "region's"),
        ("cafÃ© au lait", "café au lait"),
        ("café £5", "café £5"),
        ("it\\u2019s fine\\u002c ok", "it's fine, ok"),
        ("\\ud83d\\ude00 yes", "😀 yes"),
        ("\\ud83d alone", "\ufffd alone"),
        ("don’t “quote” …", 'don\'t "quote" ...'),
        ("a\r\r\nb\x00c", "a b c"),
        ("sooooo @bob https://t.co/x &amp; <br />:-)", "sooo @user http & :-)"),
    ],
)
def test_plain_2(text: str, clean: str) -> None:
    assert normalizer("plain-2")(text) == clean
