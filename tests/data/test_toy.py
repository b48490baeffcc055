from __future__ import annotations

import os
import subprocess
import sys

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from bench.data import Dataset, DatasetRef, load
from bench.data.digest import split_hash
from tests.conftest import ROOT

CODE = (
    "from bench.data import DatasetRef, load; from bench.data.digest import split_hash; "
    "d = load(DatasetRef('toy')); print(split_hash(d.facts.label_names, d.train, d.validation, d.test))"
)


def toy() -> Dataset:
    return load(DatasetRef("toy"))  # its digests are pinned in the manifest: another content would not load


def test_sizes_labels_and_honesty() -> None:
    data = toy()
    assert (len(data.train), len(data.validation), len(data.test)) == (2400, 400, 800)
    assert data.facts.label_names == ("negative", "neutral", "positive")
    assert "synthetic" in data.facts.notes[0]
    assert set(data.counts.values()) == {0}


def test_it_has_what_tweets_have() -> None:
    texts = toy().train.texts
    for trait in ("@", "#", "https://t.co/", "😍", " but ", "not ", "really ", "ooo", "!"):
        assert sum(trait in text for text in texts) > 10, trait


def test_another_process_makes_the_same() -> None:
    data = toy()
    environment = os.environ | {"PYTHONHASHSEED": "123"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    assert done.stdout.strip() == split_hash(data.facts.label_names, data.train, data.validation, data.test)


def test_a_linear_model_learns_it_but_not_all_and_word_order_helps() -> None:
    data = toy()
    scores = []
    for longest in (1, 2):
        vectors = CountVectorizer(token_pattern=r"\S+", ngram_range=(1, longest))
        model = make_pipeline(vectors, LogisticRegression(C=10, max_iter=300))
        model.fit(data.train.texts, data.train.labels)
        scores.append(model.score(data.test.texts, data.test.labels))
    assert 0.7 < scores[0] < scores[1] < 0.96
