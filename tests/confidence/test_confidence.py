"""Calibration, abstention, sets and label weights against what is known of made predictions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss

from bench.confidence import calibration, conformal, decision, selective
from bench.contract import Probabilities
from bench.store import Store
from tests.conftest import Bench

K = 4


def made(n: int, seed: int, sharpness: float = 1.0) -> tuple[np.ndarray, Probabilities]:
    """Labels drawn from true probabilities, and what a model says that is `sharpness` times too sure."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(n, K))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(K, p=row) for row in true], np.int64)
    said = np.exp(sharpness * logits) / np.exp(sharpness * logits).sum(axis=1, keepdims=True)
    return labels, said.astype(np.float32)


def test_the_temperature_of_a_model_that_is_twice_too_sure_is_two() -> None:
    labels, said = made(8000, 0, sharpness=2.0)
    fitted = calibration.fit(labels, said, "temperature")
    assert fitted.temperature == pytest.approx(2.0, rel=0.06)
    other, unseen = made(4000, 1, sharpness=2.0)
    calibrated = fitted(unseen)
    assert log_loss(other, calibrated) < log_loss(other, unseen) - 0.05
    np.testing.assert_array_equal(calibrated.argmax(axis=1), unseen.argmax(axis=1))
    np.testing.assert_allclose(calibrated.sum(axis=1), 1, atol=1e-5)


def test_isotonic_functions_mend_what_a_temperature_cannot() -> None:
    labels, said = made(6000, 2)
    bent = said**3 / (said**3).sum(axis=1, keepdims=True) * np.array([1, 1, 1, 0.2], np.float32)
    bent = (bent / bent.sum(axis=1, keepdims=True)).astype(np.float32)
    scores = {m: log_loss(labels, calibration.fit(labels, bent, m)(bent)) for m in ("temperature", "isotonic")}
    assert scores["isotonic"] < scores["temperature"] - 0.01
    extreme = np.eye(K, dtype=np.float32)
    assert (calibration.fit(labels, bent, "isotonic")(extreme) > 0).all(), "nothing is impossible"


def test_conformal_sets_hold_the_label_as_often_as_was_asked() -> None:
    held: dict[float, list[float]] = {}
    for seed in range(60):
        labels, said = made(200, seed)
        others, unseen = made(500, 10_000 + seed)
        for each in conformal.fit(labels, said):
            found = conformal.evaluate(each, others, unseen)
            held.setdefault(each.error, []).append(float(found.coverage.value or 0))
            assert found.mean_size >= 1
    for error, shares in held.items():
        assert np.mean(shares) > 1 - error - 0.012
    assert conformal.fit(*made(10, 1))[-1].least == 0, "ten texts cannot promise 95 %"


def test_those_it_is_sure_of_are_right_more_often() -> None:
    labels, said = made(5000, 3)
    found = [selective.evaluate(t, labels, said) for t in selective.thresholds(said)]
    for each in found:
        assert each.coverage.value == pytest.approx(each.threshold.coverage, abs=0.01)
    accuracies = [each.accuracy.value for each in found]
    assert accuracies == sorted(accuracies) and accuracies[-1] > accuracies[0] + 0.1


def test_label_weights_are_found_where_they_help_and_stay_one_where_not() -> None:
    labels, said = made(3000, 4)
    shy = (said * np.array([1, 1, 1, 0.3])).astype(np.float32)
    weights = decision.fit(labels, shy, "macro_recall")
    equal = np.ones(K)
    assert weights[3] > 1.5 and decision.score(labels, shy, np.array(weights), "macro_recall") > decision.score(
        labels, shy, equal, "macro_recall"
    )
    sure = np.eye(K, dtype=np.float32)[labels]
    assert decision.fit(labels, sure, "macro_f1") == [1.0] * K


def test_a_run_gets_it_from_its_stored_predictions(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    store = Store(tmp_path / "store")
    (run,) = store.run_ids()
    done = bench("confidence", run, "--json")
    assert done.returncode == 0, done.stderr
    (document,) = json.loads(done.stdout)
    (path,) = (tmp_path / "store" / "confidence").glob("*.json")
    assert path.stem == document["artifact"] == store.read(run).identity.artifact
    assert document["fitted"]["metric"] == "accuracy", "the data set's"
    shown = bench("confidence", "-d", "toy", "--method", "isotonic")
    assert "isotonic calibration" in shown.stdout and "Sets of labels" in shown.stdout
    *narrow, _ = bench("confidence", run, COLUMNS="80").stdout.splitlines()
    assert max(map(len, narrow)) <= 80 and not any("…" in line for line in narrow)
    assert bench("report", "--out", "out").returncode == 0
    assert f"## bayes ({run})" in (tmp_path / "out" / "confidence.md").read_text()


def test_bad_input(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("text,label\n" + "".join(f"text {i},l{i % 2}\n" for i in range(60)))
    assert bench("run", "-r", "bayes", "-d", "few.csv", "--measure", "none").returncode == 0
    (run,) = Store(tmp_path / "store").run_ids()
    assert "validation texts; 50 and more calibrate a model" in bench("confidence", run).stderr
    assert "did you mean 'macro_f1'" in bench("confidence", run, "--metric", "macro_f2").stderr
