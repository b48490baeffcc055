"""Slices: what is in them, and that those which differ, and no others, are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.contract import Probabilities
from bench.slices.compare import compare
from bench.slices.definitions import members
from tests.conftest import Bench

TEXTS = [
    "I don't like it", "so good 😍", "well :) fine", "#fail again", "@maria hello", "see https://t.co/x", "why?",
    "now!",
    "GREAT stuff", "sooo good", "7 days", "the women said no", "ça va très bien été", "zzyzx qwfp", "gut aber teuer",
]  # fmt: skip
TRAIN = ["I like it so good well fine again hello see why now great stuff days the women said no"] * 2


def test_each_slice_holds_the_texts_that_show_it() -> None:
    found = members(TEXTS, TRAIN)
    expected = {
        "negation": {0, 11}, "emoji": {1}, "emoticon": {2}, "hashtag": {3}, "mention": {4}, "link": {5},
        "question": {6},
        "exclamation": {7}, "capitals": {8}, "elongation": {9}, "number": {10}, "gender": {11}, "other scripts": {12},
    }  # fmt: skip
    for name, texts in expected.items():
        assert set(np.flatnonzero(found[name]).tolist()) == texts, name
    assert {13, 14} <= set(np.flatnonzero(found["unknown words"]).tolist())


def predictions(labels: np.ndarray, wrong: np.ndarray) -> Probabilities:
    chosen = np.where(wrong, 1 - labels, labels)
    return np.eye(2, dtype=np.float32)[chosen]


def test_a_slice_that_is_worse_is_named_and_others_are_not() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 2000)
    inside = {name: random.random(2000) < 0.2 for name in ("a", "b", "c", "d", "e")}
    noise = random.random((2, 2000)) < 0.1
    worse = inside["c"] & (random.random(2000) < 0.3)
    found = compare(inside, labels, [predictions(labels, some | worse) for some in noise])
    assert [each.name for each in found if each.differs] == ["c"] == [found[0].name]
    assert found[0].low < found[0].difference < found[0].high < 0
    assert found[0].n == inside["c"].sum()


@pytest.mark.parametrize(("n", "share", "errors"), [(300, 0.3, 0.2), (2000, 0.05, 0.03)])
def test_few_false_alarms_over_many_boards(n: int, share: float, errors: float) -> None:
    alarms, tries = 0, 100
    for seed in range(tries):
        random = np.random.default_rng(seed)
        labels = random.integers(0, 2, n)
        inside = {str(i): random.random(n) < share for i in range(15)}
        found = compare(inside, labels, [predictions(labels, random.random(n) < errors) for _ in range(2)])
        alarms += any(each.differs for each in found)
    assert alarms <= tries * 0.05 + 2.5 * (tries * 0.05 * 0.95) ** 0.5


def test_small_slices_and_perfect_models_say_nothing() -> None:
    labels = np.array([0, 1] * 50)
    tiny = np.arange(100) < 5
    half = np.arange(100) < 50
    assert compare({"tiny": tiny}, labels, [predictions(labels, np.zeros(100, bool))]) == []
    (only,) = compare({"half": half}, labels, [predictions(labels, np.zeros(100, bool))])
    assert (only.difference, only.p, only.differs) == (0, 1, False)


def test_the_command_finds_the_texts_again(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", "-d", "toy", "--seeds", "0,1", "--measure", "none").returncode == 0
    shown = bench("slices", "-d", "toy", "--all")
    assert shown.returncode == 0 and "negation" in shown.stdout and "after correction" in shown.stdout
    document = json.loads(bench("slices", "bayes", "-d", "toy", "--json").stdout)
    assert all(0 <= each["p"] <= 1 for each in document["slices"])
    assert "did you mean 'bayes'" in bench("slices", "bayse", "-d", "toy").stderr
    assert "no results on data set 'emotions'" in bench("slices", "-d", "emotions").stderr
