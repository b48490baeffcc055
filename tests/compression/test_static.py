"""The microsecond student: what it reads, that its table is its network, and that it learns from a teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import lookup, words
from baselines.recipes.static import Static, check
from bench.api import BenchError
from tests.baselines.conftest import run_phase
from tests.baselines.sentences import split

MARK = "\u25b2"
NEW_WORDS = [f"a wholly new wordling{i} and #Tag{i} by @writer{i}" for i in range(90)]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact, trained in a process of its own, and what the network itself says of the validation texts."""
    folder = tmp_path_factory.mktemp("static") / "artifact"
    run_phase("fit", "static", folder, json.dumps({"epochs": 1, "window": 5, "min_count": 3}), 0)
    run_phase("network", folder, folder.parent / "network.npy")
    return folder


def test_the_table_is_the_network(served: Path) -> None:
    own = Static().load(served).predict_proba(split(150, 1).texts)
    np.testing.assert_allclose(own, np.load(served.parent / "network.npy"), atol=1e-5)


def test_what_it_remembers_changes_no_answer(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = np.concatenate([Static().load(served).predict_proba([text]) for text in NEW_WORDS[:20]])
    monkeypatch.setattr(lookup, "MAX_UNKNOWN", 7)
    monkeypatch.setattr(words, "MAX_CACHED", 11)
    forgetful = Static().load(served)
    for _ in range(2):
        np.testing.assert_allclose(forgetful.predict_proba(NEW_WORDS)[:20], fresh, atol=1e-6)


def test_an_unknown_word_is_read_by_its_spelling(served: Path) -> None:
    known, alike, other = Static().load(served).predict_proba(["wonderful", "wonderfull", "zzzz"])
    assert np.abs(known - alike).sum() < np.abs(known - other).sum()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't SHOUT #GoodDay :-)", ["don't", MARK, "shout", "#", "good", "day", ":-)"]),
        ("so <br /> good &amp; caf\u00e9", ["so", "good", "&", "caf\u00e9"]),
        ("\\u2019tis @somebody http://x.y/z", ["'", "tis", "@user", "http"]),
        ("one two three four five six seven", ["one", "two", "three", "four", "five"]),
        ("", ["[UNK]"]),
        (" \0 \ud83d ", ["[UNK]"]),
    ],
)  # fmt: skip
def test_what_it_reads(text: str, found: list[str]) -> None:
    reader = words.Reader("plain-2", 7 if MARK in found else 5, str)
    assert reader(text) == found and reader(text) == found


def test_the_vocabulary_holds_what_is_frequent() -> None:
    texts = ["b b a", "a c", "b d d"]
    assert words.learn_words(texts, "plain-2", 9, 3, 2) == ["[PAD]", "[UNK]", "b", "a", "d"]
    assert words.learn_words(texts, "plain-2", 9, 1, 1) == ["[PAD]", "[UNK]", "b"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"window": 4}, "give an odd number"), ({"vocabulary": 0}, "1 or more"), ({"char_ngrams": "none"}, "such as 3-5")],
)
def test_a_shape_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        check(Static.defaults | changes)
