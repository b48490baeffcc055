"""More texts for a student: those of other data sets, which the teacher labels, and altered copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import STANDALONE, BenchError, RunContext, load_artifact
from bench.data import DatasetRef, load, locate
from compression.augment import augmented
from compression.recipes.distill import Distill
from compression.soft_targets import transfer_texts, with_soft_targets
from tests.baselines.sentences import split

TRAIN = split(60, 0)


@pytest.fixture(autouse=True)
def only_toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place beside which no other data set lies: to compare with all that there are takes a minute."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locate, "REPOSITORY", tmp_path)
    monkeypatch.setenv("SENTIBENCH_CACHE", str(tmp_path / "nothing"))


def of(teacher: Path, context: RunContext, **params: Any) -> Any:
    return with_soft_targets(teacher, TRAIN, Distill.defaults | params, 3, context)


def test_every_text_has_the_words_of_its_teacher(quick_teacher: Path, kept: RunContext) -> None:
    lesson = of(quick_teacher, kept, transfer="toy", transfer_limit=40, augment=2, temperature=3.0)
    assert len(lesson) == len(set(lesson.ids)) == 3 * (60 + 40) == len(lesson.labels)
    assert lesson.soft_targets.alpha == 0.7 and lesson.soft_targets.temperature == 3.0
    theirs = load_artifact(quick_teacher).predict_proba(lesson.texts)
    np.testing.assert_allclose(lesson.soft_targets.probabilities, theirs, atol=1e-5)
    np.testing.assert_array_equal(lesson.labels[:60], TRAIN.labels)
    np.testing.assert_array_equal(lesson.labels[60:100], theirs[60:100].argmax(1))
    np.testing.assert_array_equal(lesson.labels[100:200], lesson.labels[:100])
    assert (
        len(list((kept.cache / "teachers").iterdir())) == 3
    )  # each kind once: training texts serve other students too


def test_without_alpha_a_transfer_set_has_the_teachers_labels_alone(quick_teacher: Path, kept: RunContext) -> None:
    lesson = of(quick_teacher, kept, transfer=["toy"], transfer_limit=30, alpha=0.0)
    assert lesson.soft_targets is None and len(lesson) == 90
    theirs = load_artifact(quick_teacher).predict_proba(lesson.texts[60:])
    np.testing.assert_array_equal(lesson.labels[60:], theirs.argmax(1))


def test_no_transfer_text_is_tested_or_validated_on_or_known_already(kept: RunContext) -> None:
    toy = load(DatasetRef("toy"))
    known = toy.train.texts[:100]
    texts = transfer_texts("toy", known, 0, 0, kept)
    assert not set(texts) & {*toy.test.texts, *toy.validation.texts, *known}
    assert set(texts) <= set(toy.train.texts) and len(texts) > 1000
    few = transfer_texts("toy", known, 50, 0, kept)
    assert few == transfer_texts("toy", known, 50, 0, kept) != transfer_texts("toy", known, 50, 1, kept)
    assert len(few) == 50 and set(few) <= set(texts)


def test_a_transfer_set_that_cannot_be_is_refused(kept: RunContext) -> None:
    with pytest.raises(BenchError, match="did you mean 'toy'"):
        transfer_texts("toyy", [], 0, 0, kept)
    with pytest.raises(BenchError, match="no text is left"):
        transfer_texts("toy", load(DatasetRef("toy")).train.texts, 0, 0, kept)
    with pytest.raises(BenchError, match="use `bench run`"):
        transfer_texts("toy", [], 0, 0, STANDALONE)


def test_copies_are_altered_as_much_as_asked_and_alike_for_a_seed() -> None:
    whole = split(400, 5)
    copies = augmented(whole, 2, 0.2, 7)
    assert copies.texts == augmented(whole, 2, 0.2, 7).texts != augmented(whole, 2, 0.2, 8).texts
    words = {word for text in whole.texts for word in text.split()}
    assert {word for text in copies.texts for word in text.split()} <= words
    assert all(copies.texts) and copies.texts[:400] != copies.texts[400:]
    pairs = [(set(new.split()), set(old.split())) for new, old in zip(copies.texts, whole.texts * 2, strict=True)]
    kept = np.mean([len(new & old) / len(old) for new, old in pairs])
    assert 0.8 < kept < 0.95  # a swap keeps all words, the other two lose one
    assert augmented(split(3, 0), 1, 0.999, 0).texts != split(3, 0).texts
