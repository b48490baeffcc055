"""Behaviour tests: what a perfect reader passes and a naive one fails, and files that cannot be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.contract import Probabilities, Split
from bench.errors import BenchError
from bench.robustness import behaviour, evaluation
from bench.robustness.perturbations import PERTURBATIONS
from bench.robustness.polarity import PolarityMap

THREE = PolarityMap(("negative", "neutral", "positive"))
GOOD = re.compile(r"good|great|wonderful|excellent|lovely|fantastic|love|adore|enjoy", re.I)
BAD = re.compile(r"bad|terrible|awful|horrible|disgusting|dreadful|hate|dislike|despise", re.I)


def bag_of_words(texts: Sequence[str]) -> Probabilities:
    """Counts words of sentiment; knows nothing of negation, emoji or "but"."""
    rows = []
    for text in texts:
        good, bad = len(GOOD.findall(text)), len(BAD.findall(text))
        rows.append([1 + 4 * bad, 2, 1 + 4 * good])
    array = np.array(rows, np.float32)
    return array / array.sum(axis=1, keepdims=True)


def rates(found: Sequence[evaluation.Behaviour]) -> dict[tuple[str, str], float | None]:
    return {(b.capability, kind): rate.value for b in found for kind, rate in b.failures.items()}


def test_a_counter_of_words_passes_what_words_decide_and_fails_the_rest() -> None:
    found = rates(evaluation.behaviours(bag_of_words, THREE))
    for capability, kind in (
        ("vocabulary", "minimum functionality"), ("neutral statements", "minimum functionality"),
        ("casing", "invariance"), ("links", "invariance"), ("mentions", "invariance"), ("hashtags", "invariance"),
    ):  # fmt: skip
        assert found[capability, kind] == 0, capability
    assert found["negation", "minimum functionality"] == pytest.approx(1.0)
    assert found["negation", "direction"] == 0, "a balance that does not move is no step the wrong way"
    assert found["typos", "invariance"] > 0.5, "it reads whole words alone"
    examples = {b.capability: b.example for b in evaluation.behaviours(bag_of_words, THREE)}
    assert "expected: not positive; answer: positive" in examples["negation"] and not examples["vocabulary"]


def test_labels_without_a_neutral_one_are_not_asked_for_it() -> None:
    two = PolarityMap(("negative", "positive"))
    found = evaluation.behaviours(lambda texts: bag_of_words(texts)[:, [0, 2]], two)
    neutral = next(b for b in found if b.capability == "neutral statements")
    assert neutral.failures == {}


def test_a_step_the_wrong_way_fails() -> None:
    def contrary(texts: Sequence[str]) -> Probabilities:
        happy = np.array([any(mark in text for mark in "😍😊🎉❤") for text in texts], np.float32)
        return np.stack([0.1 + 0.8 * happy, np.full(len(texts), 0.1, np.float32), 0.8 - 0.8 * happy], axis=1)

    found = rates(evaluation.behaviours(contrary, THREE))
    assert found["emoji", "direction"] == pytest.approx(0.5), "those that should make it more positive"


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_perturbations_change_the_same_way_always_and_leave_mentions_and_links(name: str) -> None:
    change = PERTURBATIONS[name]
    text = "@Maria_92 this Really is so good, isn't it? 😍 #LoveIt https://t.co/iFz9FAn2Pa"
    assert change(text) == change(text) != text
    assert "@Maria_92" in change(text) and "https://t.co/iFz9FAn2Pa" in change(text)
    for odd in ("", " ", "😀", "@x", "aa", "a\0b", "\ud800"):
        assert isinstance(change(odd), str)


def test_known_changes() -> None:
    assert PERTURBATIONS["elongation"]("so good") == "so goooood"
    assert PERTURBATIONS["no punctuation"]("Well, fine. :)") == "Well fine :)"
    assert PERTURBATIONS["no hashes"]("#fail # 1") == "fail # 1"
    assert sorted(PERTURBATIONS["typo"]("terrible")) == sorted("terrible") != list("terrible")


def test_perturbed_texts_are_counted_where_they_change() -> None:
    test = Split(["1", "2"], ["so good", "ok"], np.array([2, 0]), ("negative", "neutral", "positive"))

    def capitals(texts: Sequence[str]) -> Probabilities:
        return np.array([[0.9, 0, 0.1] if text.isupper() else [0.1, 0, 0.9] for text in texts], np.float32)

    found = {p.perturbation: p for p in evaluation.perturbed(capitals, test, 10)}
    upper = found["upper case"]
    assert (upper.flips.n, upper.flips.count, upper.accuracy_before, upper.accuracy_after) == (2, 2, 0.5, 0.5)
    assert found["no emoji"].flips.n == 0 and found["no emoji"].flips.value is None


def test_other_labels_are_asked_by_their_polarity() -> None:
    emotions = PolarityMap.of("emotions", ("sadness", "joy", "love", "anger", "fear", "surprise"))
    answers = np.array([[0.3, 0.1, 0.1, 0, 0, 0.5], [0.0, 0.3, 0.3, 0.2, 0.2, 0.0]], np.float32)
    assert emotions.predicted(answers).tolist() == ["none", "positive"]
    rated = Split(["1", "2", "3"], ["a", "b", "c"], np.array([0, 2, 1]), ("negative", "neutral", "positive"))
    found = evaluation.domain(lambda texts: answers[: len(texts)], emotions, rated, THREE, "rated")
    assert found is not None
    assert (found.classes, found.accuracy.n, found.accuracy.value) == (2, 2, 1.0), "neutral texts are left out"
    with pytest.raises(BenchError, match="name no sentiment"):
        PolarityMap.of("mine.csv", ("billing", "shipping"))
    assert PolarityMap.of("mine.csv", ("Pos", "NEG", "very positive")).of_label == ("positive", "negative", "positive")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("capability: x\nwhat: y\ntests: [{kind: invariance, text: a}]", "give one of changed and change"),
        ("capability: x\nwhat: y\ntests: [{kind: direction, text: a, changed: b}]", "expect is missing"),
        ("capability: x\nwhat: y\ntests: [{kind: minimum functionality, text: a, expect: good}]", "expect"),
        ("capability: x\nwhat: y\ntests: [{kind: invariance, text: a, change: shout}]", "none of typo"),
        ("capability: [", "behaviour tests bad.yaml"),
    ],
)
def test_a_file_of_tests_that_cannot_be_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(BenchError, match=message) as raised:
        behaviour.capabilities(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_slot_without_words_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("thing: [a]")
    (tmp_path / "new.yaml").write_text(
        "capability: x\nwhat: y\ntests: [{kind: minimum functionality, text: '{thng}', expect: positive}]"
    )
    with pytest.raises(BenchError, match=r"no words for \{thng\}"):
        behaviour.cases(behaviour.capabilities(tmp_path)[0], tmp_path)
