"""What users import: models, results, and an estimator that scikit-learn takes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sentibench
from bench.errors import BenchError
from tests.baselines.sentences import split
from tests.conftest import Bench

SPLIT = split(240, 0)
TEXTS, LABELS = SPLIT.texts, [SPLIT.label_names[i] for i in SPLIT.labels]
QUICK = {"char_ngrams": "none", "max_features": 2000}


def test_a_run_is_loaded_and_its_results_are_a_table(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "linear", "-d", "toy", "--smoke", "--measure", "none").returncode == 0
    store = tmp_path / "store"
    table = sentibench.results(store)
    assert len(table) == 1 and table.loc[0, "recipe"] == "linear"
    model = sentibench.load(table.loc[0, "run_id"], store)
    texts = ["what a lovely day", "I hate <this>", ""]
    probabilities = model.predict_proba(texts)
    assert probabilities.shape == (3, len(model.labels)) and probabilities.dtype == np.float32
    rows = model.table(texts)
    assert list(rows["label"]) == list(model.predict(texts)) == [model.labels[i] for i in probabilities.argmax(axis=1)]
    assert list(rows.columns) == ["text", "label", *model.labels]
    assert "linear" in repr(model) and "<th>labels</th>" in model._repr_html_()
    with pytest.raises(TypeError, match="give a list of texts"):
        model.predict("one text")
    with pytest.raises(BenchError, match="no run or artifact 'gone'"):
        sentibench.load("gone", store)


def test_scikit_learn_takes_the_estimator() -> None:
    estimator = sentibench.SentimentClassifier("linear", params=QUICK, seed=3)
    again = clone(estimator)
    assert again.get_params() == estimator.get_params() and again is not estimator
    assert cross_val_score(estimator, TEXTS, LABELS, cv=2).mean() > 0.6
    pipeline = make_pipeline(FunctionTransformer(lambda texts: [text.upper() for text in texts]), again)
    fitted = pipeline.fit(TEXTS, LABELS)
    assert list(fitted.classes_) == sorted(set(LABELS))
    assert set(fitted.predict(TEXTS[:5])) <= set(LABELS)
    grid = GridSearchCV(estimator, {"seed": [0, 1], "params": [QUICK, QUICK | {"C": 1.0}]}, cv=2).fit(TEXTS, LABELS)
    assert grid.best_params_.keys() == {"seed", "params"}


def test_a_trained_estimator_is_pickled_with_its_files() -> None:
    fitted = sentibench.SentimentClassifier("linear", params=QUICK).fit(TEXTS, SPLIT.labels)
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert set(copy.predict(TEXTS)) <= {0, 1, 2}, "labels keep their type"


def test_bad_input() -> None:
    classifier = sentibench.SentimentClassifier
    for estimator, message in (
        (classifier("lineer"), "did you mean 'linear'"),
        (classifier("linear", {"CC": 1}), "no parameter 'CC'"),
        (classifier("prune"), "compresses a trained model"),
    ):
        with pytest.raises(BenchError, match=message):
            estimator.fit(TEXTS, LABELS)
    with pytest.raises(BenchError, match="240 texts and 3 labels"):
        classifier("linear").fit(TEXTS, LABELS[:3])
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        _ = sentibench.lod


def test_the_module_is_the_command_and_imports_nothing_heavy() -> None:
    shown = subprocess.run([sys.executable, "-m", "sentibench", "list", "recipes"], capture_output=True, text=True)
    assert "linear" in shown.stdout.split()
    code = "import sys, sentibench; print({'pandas', 'sklearn', 'torch', 'tensorflow'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"
