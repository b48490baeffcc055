"""Words read by their spelling: n-grams and their buckets, and the network that takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.metrics import recall_score

from baselines.sequences import UNKNOWN_ID, SequenceTokenizer, pad, train_tokenizer
from baselines.subwords import GRAMS, HashedNgrams
from tests.baselines.conftest import Phase, Trained
from tests.baselines.phases import AWKWARD
from tests.baselines.sentences import split

SPELLED = {"tokenizer": "word", "char_ngrams": "3-5", "ngram_buckets": 500, "ema": 0.9, "monitor": "macro_recall"}


@pytest.fixture(scope="module")
def tokenizer() -> SequenceTokenizer:
    return train_tokenizer(split(400, 0).texts, "word", 600, "plain-2", 16)


@pytest.fixture(scope="module")
def subwords(tokenizer: SequenceTokenizer) -> HashedNgrams:
    return HashedNgrams(tokenizer, (3, 5), 20_000)


def test_ngrams_of_a_word_are_the_same_everywhere(subwords: HashedNgrams) -> None:
    # <a>; <ab, ab>, <ab>: CRC-32 of them modulo the buckets, counted from 1
    assert subwords.buckets_of("a") == [17516]
    assert subwords.buckets_of("ab") == [11445, 4844, 15581]
    assert len(subwords.buckets_of("x" * 10_000)) == GRAMS


def test_like_spelling_is_shared(subwords: HashedNgrams) -> None:
    good, goood, table = (set(subwords.buckets_of(word)) for word in ("good", "goood", "table"))
    assert len(good & goood) >= 4
    assert not good & table


def test_a_range_without_an_ngram_is_no_ngram(tokenizer: SequenceTokenizer) -> None:
    assert HashedNgrams(tokenizer, (6, 9), 100).buckets_of("ok") == []


def test_unknown_words_differ_by_spelling_and_known_ones_keep_their_ids(
    tokenizer: SequenceTokenizer, subwords: HashedNgrams
) -> None:
    texts = ["the film was unbelievabel", "unbelievabel xyzzy the", ""]
    ids, unknown = subwords.encode(texts)
    assert [[min(token, len(tokenizer)) for token in row] for row in ids[:2]] == [
        [token if token != UNKNOWN_ID else len(tokenizer) for token in row] for row in tokenizer.encode(texts)[:2]
    ]
    assert ids[0][3] == ids[1][0] != ids[1][1]
    assert ids[2] == [UNKNOWN_ID]
    words, grams = subwords.inputs(pad(ids), unknown)
    assert words.tolist() == pad(tokenizer.encode(texts)).tolist()
    assert grams.shape == (3, 4, GRAMS)
    assert grams.dtype == words.dtype == np.int32
    for place, word in (((0, 0), "the"), ((0, 3), "unbelievabel"), ((1, 1), "xyzzy")):
        assert [bucket for bucket in grams[place] if bucket] == subwords.buckets_of(word)
    assert not grams[2].any() and not grams[1, 3].any()


def test_words_are_cut_where_the_tokenizer_cuts_them(tokenizer: SequenceTokenizer, subwords: HashedNgrams) -> None:
    ids, unknown = subwords.encode(["😀😀 naïveté don'ts @bob", *AWKWARD])
    found = {tuple(row[row > 0]) for row in unknown}
    assert {tuple(subwords.buckets_of(word)) for word in ("naïveté", "don'ts")} <= found
    assert len(ids) == len(AWKWARD) + 1 and all(ids)


def test_words_join_the_vocabulary_after_those_there_are() -> None:
    tokenizer = train_tokenizer(split(400, 0).texts, "word", 600, "plain-2", 16)
    before = tokenizer.tokenizer.get_vocab()
    tokenizer.join(["film", "unheard", "Upper", "two words", "don't", "unheard"])
    after = tokenizer.tokenizer.get_vocab()
    assert {word: after[word] for word in before} == before
    assert {word: after[word] for word in after.keys() - before.keys()} == {
        "unheard": len(before),
        "don't": len(before) + 1,
    }
    assert len(tokenizer) == len(after)
    assert len(tokenizer.encode(["a text that is much too long " * 9])[0]) == 16


@pytest.mark.parametrize("trained", ["lstm"], indirect=True)
def test_without_ngrams_there_is_nothing_of_them(trained: Trained) -> None:
    weights = load_file(str(trained.folder / "weights.safetensors"))
    assert not [name for name in weights if "ngram" in name]
    assert len(weights) == 10


@pytest.fixture(scope="module")
def spelled(phase: Phase, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("spelled") / "artifact"
    log = phase("fit", "lstm", folder, json.dumps(SPELLED), 0)
    return Trained("lstm", folder, log, np.load(folder.with_suffix(".npy")))


@pytest.fixture(scope="module")
def probed(spelled: Trained, phase: Phase) -> dict[str, Any]:
    return phase("probe", "lstm", spelled.folder)


def test_it_learns(spelled: Trained) -> None:
    assert (spelled.predicted.argmax(axis=1) == split(300, 2).labels).mean() >= 0.8
    weights = load_file(str(spelled.folder / "weights.safetensors"))
    assert weights["ngram_embedding/embeddings"].shape == (501, 16)


def test_same_seed_is_the_same_model(spelled: Trained, phase: Phase, tmp_path: Path) -> None:
    phase("fit", "lstm", tmp_path / "again", json.dumps(SPELLED), 0)
    for file in spelled.folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name


def test_in_another_process_it_predicts_the_same_in_any_way_it_is_asked(
    spelled: Trained, probed: dict[str, Any]
) -> None:
    np.testing.assert_array_equal(np.float32(probed["predicted"]), spelled.predicted)
    assert probed["staged_gap"] < 1e-6
    assert probed["alone_gap"] < 1e-5
    assert probed["empty"] == [0, 3]
    assert np.isfinite(probed["awkward"]).all() and np.isfinite(probed["huge"]).all()


def test_what_is_kept_is_what_was_validated_best(spelled: Trained, probed: dict[str, Any]) -> None:
    """The averaged weights of the epoch with the best macro recall, which is the one of scikit-learn."""
    best = max(spelled.log["history"], key=lambda entry: entry["validation_macro_recall"])
    assert spelled.log["best_epoch"] == best["epoch"]
    labels = split(150, 1).labels
    chosen = np.argmax(probed["validation"], axis=1)
    assert recall_score(labels, chosen, average="macro") == pytest.approx(best["validation_macro_recall"], abs=1e-5)
    assert (chosen == labels).mean() == pytest.approx(best["validation_accuracy"], abs=1e-5)
