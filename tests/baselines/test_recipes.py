"""What every baseline keeps: it learns, it repeats itself, its artifact is enough, awkward texts do no harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.baselines.conftest import RECIPES, Phase, Trained
from tests.baselines.phases import AWKWARD
from tests.baselines.sentences import split


def accuracy(probabilities: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) == split(len(probabilities), 2).labels).mean())


def test_it_learns(trained: Trained) -> None:
    floor = {"constant": 0.3, "lexicon": 0.7, "linear": 0.97}.get(trained.name, 0.9)
    assert accuracy(trained.predicted) >= floor


def test_probabilities_of_new_texts_sum_to_one(trained: Trained) -> None:
    assert trained.predicted.dtype == np.float32
    assert trained.predicted.shape == (300, 3)
    np.testing.assert_allclose(trained.predicted.sum(axis=1), 1.0, atol=1e-5)


@pytest.fixture(scope="module")
def again(phase: Phase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All recipes trained once more with the same seed, in a process that was started anew."""
    root = tmp_path_factory.mktemp("again")
    phase("fit_all", root, 0, *RECIPES, anew=True)
    return root


def test_same_seed_in_another_process_predicts_the_same(trained: Trained, again: Path) -> None:
    np.testing.assert_array_equal(np.load(again / f"{trained.name}.npy"), trained.predicted)
    for file in trained.folder.iterdir():
        assert file.read_bytes() == (again / trained.name / file.name).read_bytes(), file.name


@pytest.mark.parametrize("trained", ["dnn", "lstm"], indirect=True)
def test_another_seed_is_another_model(trained: Trained, phase: Phase, tmp_path: Path) -> None:
    phase("fit", trained.name, tmp_path / "other", "{}", 1)
    assert np.abs(np.load(tmp_path / "other.npy") - trained.predicted).max() > 1e-4


def test_artifact_alone_predicts_the_same_elsewhere(trained: Trained, probed: dict[str, Any]) -> None:
    np.testing.assert_array_equal(np.float32(probed["predicted"]), trained.predicted)


def test_no_pickle_in_the_artifact(trained: Trained) -> None:
    own = {"fasttext": {".bin"}, "lexicon": {".txt"}}.get(trained.name, set())
    assert {file.suffix for file in trained.folder.iterdir()} <= {".json", ".safetensors", *own}
    for file in trained.folder.glob("*.safetensors"):
        assert b"optimizer" not in file.read_bytes()[:100_000]


def test_awkward_texts(trained: Trained, probed: dict[str, Any]) -> None:
    for rows in (probed["awkward"], probed["huge"]):
        assert np.isfinite(rows).all()
        np.testing.assert_allclose(np.sum(rows, axis=1), 1.0, atol=1e-5)
    assert len(probed["awkward"]) == len(AWKWARD)
    assert probed["dtype"] == "float32"
    assert probed["empty"] == [0, 3]


def test_stages_are_the_whole_prediction(trained: Trained, probed: dict[str, Any]) -> None:
    assert probed["stages"] == ([] if trained.name == "constant" else ["tokenize", "forward"])
    assert probed["staged_gap"] < 1e-6


def test_a_text_is_predicted_alike_in_any_company(trained: Trained, probed: dict[str, Any]) -> None:
    assert probed["alone_gap"] < 1e-5


def test_what_a_predictor_says_of_itself(trained: Trained, probed: dict[str, Any]) -> None:
    parameters, nonzero = probed["parameters"]
    stored = sum(file.stat().st_size for file in trained.folder.iterdir() if file.suffix in (".safetensors", ".bin"))
    assert 0 < nonzero <= parameters
    beside = 5000 if trained.name == "fasttext" else 1000
    assert trained.name in ("constant", "lexicon") or abs(stored / 4 - parameters) < beside
    assert ("tensorflow" in probed["modules"]) == (trained.name == "lstm"), "the others are served without TensorFlow"
    assert trained.name == "textcat" or "torch" not in probed["modules"], "spaCy takes it where it is installed"


@pytest.mark.parametrize("trained", ["dnn", "lstm"], indirect=True)
def test_training_tells_what_it_did(trained: Trained) -> None:
    history = trained.log["history"]
    assert [entry["epoch"] for entry in history] == [1.0, 2.0]
    scores = {f"validation_{name}" for name in ("loss", "accuracy", "macro_f1", "macro_recall")}
    fields = {"epoch", "loss", "learning_rate"} | scores
    assert all(set(entry) == fields for entry in history)
    best = max(history, key=lambda entry: entry["validation_accuracy"])
    assert trained.log["best_epoch"] == best["epoch"]
    assert trained.log["examples_per_second"] > 0


def test_the_weights_of_the_best_epoch_are_kept(phase: Phase, tmp_path: Path) -> None:
    """What training teaches is wrong in this validation: the more is learnt, the worse it gets."""
    for name, log in phase("chosen", tmp_path, "dnn", "static").items():
        losses = [entry["validation_loss"] for entry in log["history"]]
        best = losses[log["best_epoch"] - 1]
        assert best < losses[-1] - 0.01, name
        assert log["kept_loss"] == pytest.approx(best, rel=1e-3), name


@pytest.mark.skipif("fasttext" not in RECIPES, reason="fastText is not installed")
def test_fasttext_quantized_is_smaller_and_knows_its_vectors(phase: Phase, tmp_path: Path) -> None:
    whole, small = tmp_path / "whole", tmp_path / "small"
    for folder, changes in ((whole, "{}"), (small, '{"cutoff": 500}')):
        phase("fit", "fasttext", folder, changes, 0)
    sizes = [(folder / "model.bin").stat().st_size for folder in (whole, small)]
    assert sizes[1] < sizes[0] / 10
    assert accuracy(np.load(tmp_path / "small.npy")) >= 0.85
    dim = 16
    assert phase("probe", "fasttext", small)["parameters"] == [(500 + 3) * dim] * 2
