"""Words of scripts with marks are whole in every model of words: what differs in a vowel sign is another word."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from baselines.recipes.fasttext import tokens
from baselines.sequences import UNKNOWN_ID, train_tokenizer
from baselines.vectorize import TextFeatures
from baselines.words import Reader
from bench.api import Split
from bench.audit.near import near_duplicates
from bench.letters import LETTERS, WORD
from bench.registry import load_recipe
from bench.slices.definitions import members

HINDI = ["दिन अच्छा था", "दान अच्छा था", "मेरा मन खुश है", "मेरी माँ खुश है", "खाना ठंडा मिला", "खाना ठंडी मिली"]
THAI, ACCENT, TAMIL, ARABIC = "อาหารอร่อยที่สุด", "cafe\u0301", "நன்றி", "مُحَمَّد"
WORDS = {"word_ngrams": "1-1", "char_ngrams": "none", "min_df": 1, "max_features": 0, "sublinear": True}


@pytest.mark.parametrize("word", [*(word for text in HINDI for word in text.split()), THAI, ACCENT, TAMIL, ARABIC])
def test_a_word_is_never_cut_at_a_mark(word: str) -> None:
    text = f"{word} ok {word}!"
    assert re.findall(WORD, text) == [word, "ok", word] == re.findall(LETTERS, text)
    assert tokens(text, "none").split() == [word, "ok", word, "!"]
    features = TextFeatures(WORDS, "none")
    features.fit_transform([text])
    assert set(features.blocks["word"].vocabulary_) == {word, "ok", "!"}
    assert Reader("none", 16, str)(text) == [word, "ok", word, "!"]


def test_what_has_no_marks_is_cut_as_before() -> None:
    text = "don't_stop ❤️ :-) 3rd #Tag @user x2 —"
    assert re.findall(WORD, text) == ["don", "t_stop", "3rd", "Tag", "user", "x2"]
    assert Reader("none", 32, str)(text) == ["don't", "_", "stop", "❤️", ":-)", "3rd", "#", "tag", "@user", "x2", "—"]


@pytest.mark.parametrize("name", ["linear", "nbsvm"])
def test_texts_that_differ_in_a_vowel_sign_are_told_apart(name: str, tmp_path: Path) -> None:
    train = Split([str(i) for i in range(20)], HINDI[:2] * 10, np.array([0, 1] * 10), ("a", "b"))
    recipe = load_recipe(name)
    changes = {"char_ngrams": "none"} if name == "linear" else {}
    recipe.fit(train, Split([], [], train.labels[:0], ("a", "b")), {**recipe.defaults, **changes}, 0, tmp_path)
    assert recipe.load(tmp_path).predict_proba(HINDI[:2]).argmax(axis=1).tolist() == [0, 1]


def test_slices_and_near_duplicates_count_whole_words() -> None:
    few = members(HINDI, HINDI)
    assert few["at most 3 words"].tolist() == [len(text.split()) == 3 for text in HINDI]
    split = Split(["0", "1"], HINDI[:2], np.array([0, 1]), ("a", "b"))
    assert near_duplicates(split) == [], "two of their three words are the same, no more"


@pytest.mark.parametrize("kind", ["word", "bpe"])
def test_a_trained_tokenizer_knows_them_whole(kind: str) -> None:
    trained = train_tokenizer(HINDI * 4, kind, 400, "none", 16)
    first, second = trained.encode(HINDI[:2])
    assert first != second and UNKNOWN_ID not in [*first, *second]
    split = trained.tokenizer.pre_tokenizer.pre_tokenize_str(HINDI[0])
    assert [piece.lstrip("▁") for piece, _ in split] == HINDI[0].split()
