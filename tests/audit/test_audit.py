"""An audit finds the rule that made labels, and labels turned on purpose; where there is none it finds none."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from bench.audit.explain import Explanation, explanations
from bench.audit.near import near_duplicates
from bench.audit.suspects import suspects
from bench.audit.without import without_suspects
from bench.contract import Split
from bench.data.manifest import entry, label_source
from bench.normalize import normalizer
from tests.conftest import Bench

GOOD = ["lovely", "great", "kind", "fresh", "superb", "bright", "tasty", "gentle", "smart", "happy"]
BAD = ["awful", "rude", "stale", "broken", "grim", "dull", "sour", "cruel", "ugly", "sad"]
THINGS = ["soup", "train", "hotel", "film", "phone", "crew", "lamp", "chair", "garden", "ticket", "street", "coat"]


def split(n: int = 300, seed: int = 0) -> Split:
    """Sentences with two words of their label, and two of nothing."""
    draw = random.Random(seed)
    labels = np.array([draw.randrange(2) for _ in range(n)], np.int64)
    texts = [
        f"the {' '.join(draw.sample(THINGS, 3))} was {' and '.join(draw.sample(GOOD if label else BAD, 2))} {i}"
        for i, label in enumerate(labels.tolist())
    ]
    return Split([f"row-{i}" for i in range(n)], texts, labels, ("bad", "good"))


def relabelled(given: Split, labels: list[int]) -> Split:
    return replace(given, labels=np.array(labels, np.int64))


def best(train: Split, held: Split) -> Explanation | None:
    return next(iter(explanations(train, held)), None)


def test_a_lexicon_is_found_with_its_cut_points() -> None:
    vader = pytest.importorskip("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    both = []
    for seed in (0, 1):
        part = split(seed=seed)
        texts = [f"@x {('#sad', '#happy')[i % 2]} {text}!!! http://t.co/a" for i, text in enumerate(part.texts)]
        scores = [vader.polarity_scores(normalizer("bare-1")(text))["compound"] for text in texts]
        both.append(relabelled(replace(part, texts=texts), [int(score > 0.3) for score in scores]))
    found = best(*both)
    assert found is not None and found.follows and "without links" in found.sign and found.agreement.value == 1.0
    assert "cut at" in found.rule


def test_emoticons_hashtags_words_and_length_are_found() -> None:
    cases = {
        "emoticons and emoji": lambda text, label: f"{text} {':(' if label else ':)'}",
        "hashtags": lambda text, label: f"{text} {'#joy' if label else '#Anger'}",
        "a few words": lambda text, label: f"{'yes' if label else 'no'} {text}",
        "length in characters": lambda text, label: text + " and so on and on and on and on" * label,
    }
    for sign, change in cases.items():
        parts = []
        for seed in (0, 1):
            part = split(seed=seed)
            labels = np.random.default_rng(seed).integers(0, 2, len(part)).tolist()
            parts.append(
                replace(relabelled(part, labels), texts=[change(t, n) for t, n in zip(part.texts, labels, strict=True)])
            )
        found = [each for each in explanations(*parts) if each.follows]
        assert sign in [each.sign for each in found], sign


def test_a_keyword_and_other_columns_of_the_file_are_found(bench: Bench, tmp_path: Path) -> None:
    draw = random.Random(0)
    lines = ["text,label,source,written,points,note"]
    for i in range(400):
        label = draw.choice(["good", "bad"])
        thing, day, points = draw.choice(THINGS), draw.randrange(1, 15), draw.random()
        words = f"the {thing} {'indeed' if label == 'good' else 'never'} {i}"
        where = "app" if label == "good" else draw.choice(["web", "post"])
        lines.append(
            f"{words},{label},{where},2020-0{2 + (label == 'good')}-{day:02},{points + (label == 'good'):.2f},{i % 3}"
        )
    (tmp_path / "mine.csv").write_text("\n".join(lines) + "\n")
    done = bench("data", "audit", "mine.csv", "--out", "found")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(next((tmp_path / "found").glob("*-audit.json")).read_text())["explanations"]
    whole = {each["sign"]: each["rule"] for each in found if each["agreement"]["value"] == 1.0}
    assert whole["a keyword"] in ("indeed", "never") and whole["the column 'source'"] == "app"
    assert whole["the column 'written'"].startswith("cut at 2020-02-")  # between the 14th and the first of March
    assert whole["the column 'points'"] == "cut at 0.99, 1"
    assert not [each for each in found if "note" in each["sign"]]


def test_labels_by_chance_follow_from_nothing() -> None:
    parts = [relabelled(split(seed=seed), np.random.default_rng(seed).integers(0, 2, 300).tolist()) for seed in (0, 1)]
    assert not any(each.follows or each.kappa > 0.2 for each in explanations(*parts))


def test_labels_that_were_turned_are_found() -> None:
    pytest.importorskip("cleanlab")
    given = split(1000)
    turned = set(np.random.default_rng(0).choice(1000, 30, replace=False).tolist())
    labels = [1 - label if i in turned else label for i, label in enumerate(given.labels.tolist())]
    found = suspects(relabelled(given, labels))
    right = {int(each.id.removeprefix("row-")) for each in found} & turned
    assert len(right) / len(found) > 0.9 and len(right) / len(turned) > 0.9
    assert all(each.suggested != each.label for each in found) and found[0].quality <= found[-1].quality


def test_a_model_without_the_wrong_labels_is_better_and_one_without_right_ones_is_not_shown_to_be() -> None:
    given, held = split(400), split(300, 1)
    turned = np.random.default_rng(0).choice(400, 160, replace=False).tolist()
    labels = [1 - label if i in turned else label for i, label in enumerate(given.labels.tolist())]
    wrong = relabelled(given, labels)
    found = without_suspects(wrong, held, {f"row-{i}" for i in turned}, "accuracy")
    assert found is not None and found.dropped == 160 and found.with_all < found.without
    assert 0 < found.low < found.change < found.high and found.line.endswith("better")
    same = without_suspects(given, held, {f"row-{i}" for i in range(40)}, "macro_f1")
    assert same is not None and same.low <= 0 <= same.high and "not shown to be better" in same.line
    assert without_suspects(given, held, {}, "accuracy") is None
    ones = {row for row, label in zip(given.ids, given.labels.tolist(), strict=True) if label}
    assert without_suspects(given, held, ones, "accuracy") is None, "a label would be lost"


def test_near_duplicates_of_another_label_are_found() -> None:
    given = split(50)
    twin = given.texts[7] + "!"
    rows = Split(
        [*given.ids, "twin"], [*given.texts, twin], np.append(given.labels, 1 - given.labels[7]), given.label_names
    )
    (pair,) = near_duplicates(rows)
    assert (pair.first, pair.second) == ("row-7", "twin") and set(pair.labels) == {"bad", "good"}


def test_near_duplicates_are_those_that_comparing_all_pairs_finds() -> None:
    given, draw = split(250), random.Random(3)
    texts = [" ".join([*text.split(), *draw.sample(THINGS, 2)][draw.randrange(2) :]) for text in given.texts * 2]
    labels = np.random.default_rng(0).integers(0, 2, len(texts))
    both = Split([f"row-{i}" for i in range(len(texts))], texts, labels, given.label_names)
    matrix = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b").fit_transform(texts)
    cosines = (matrix @ matrix.T).toarray()
    alike = {(i, j) for i, j in np.argwhere(cosines >= 0.9).tolist() if i < j and labels[i] != labels[j]}
    found = {(int(pair.first[4:]), int(pair.second[4:])) for pair in near_duplicates(both)}
    assert found == alike and len(alike) > 3


def test_labels_of_too_few_texts_are_not_suspected(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "six.csv").write_text(
        "text,label\n" + "".join(f"word{i} {'ab'[i % 2]}{i},{'xy'[i % 2]}\n" for i in range(6))
    )
    ran = bench("data", "audit", "six.csv")
    assert ran.returncode == 0 and "not looked for: wrong labels (a label has fewer than 5" in ran.stdout, ran.stderr


def test_who_made_labels_is_known_and_changes_no_key() -> None:
    assert label_source("covid19-5").train == "lexicon" and "VADER" in label_source("covid19-5").line
    assert (
        label_source("hutto-tweets").line.startswith("20 people each") and label_source("mine.csv").train == "unknown"
    )
    assert "label_source" not in entry("covid19-5").model_dump_json()


def test_the_command_reports_and_writes_what_to_correct(bench: Bench, tmp_path: Path) -> None:
    ran = bench("data", "audit", "toy", "--out", "found")
    assert ran.returncode == 0, ran.stderr
    assert "labels of train are suspected" in ran.stdout and "own errors" not in ran.stdout
    assert "labels, by the manifest: generator" in ran.stdout and "no simple rule gives these labels" in ran.stdout
    report = json.loads((tmp_path / "found" / "toy-audit.json").read_text())
    assert report["source"]["train"] == "generator" and report["explanations"]
    assert (tmp_path / "found" / "toy-suspects.csv").read_text().startswith("id,text,label,suggested,quality")
