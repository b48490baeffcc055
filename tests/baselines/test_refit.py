"""An empty validation split: every epoch is run, the last weights are kept, and nothing is chosen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.baselines.conftest import Phase, run_phase
from tests.baselines.sentences import split

EPOCHS = 3


@pytest.mark.parametrize("name", ["dnn", "lstm"])
def test_a_network_trains_for_exactly_its_epochs(name: str, phase: Phase, tmp_path: Path) -> None:
    changes = {"epochs": EPOCHS, "patience": 1, "schedule": {"dnn": "linear", "lstm": "constant"}[name]}
    log = phase("refit", name, tmp_path / "artifact", json.dumps(changes))
    assert log["epochs_run"] == len(log["history"]) == EPOCHS
    assert log["best_epoch"] is None
    assert all(set(entry) == {"epoch", "loss", "learning_rate"} for entry in log["history"])
    assert log["examples_per_second"] > 0
    rates = [entry["learning_rate"] for entry in log["history"]]
    peak = {"dnn": 2e-2, "lstm": 1e-2}[name]
    expected = [peak] * EPOCHS if name == "lstm" else [peak * (1 - e / EPOCHS) / 0.95 for e in range(1, EPOCHS + 1)]
    assert rates == pytest.approx(expected, rel=0.05, abs=peak / 50)
    _is_sound(tmp_path / "artifact.npy")


def test_constant_needs_no_validation(phase: Phase, tmp_path: Path) -> None:
    phase("refit", "constant", tmp_path / "artifact", "{}")


@pytest.mark.parametrize(
    ("name", "changes"), [("linear", '{"classifier": "svm"}'), ("linear", '{"classifier": "logreg"}'), ("nbsvm", "{}")]
)
def test_what_has_no_validation_is_calibrated_by_cross_validation(
    name: str, changes: str, phase: Phase, tmp_path: Path
) -> None:
    phase("refit", name, tmp_path / "refit", changes)
    run_phase("fit", name, tmp_path / "usual", changes, 0)
    assert json.loads((tmp_path / "refit" / "model.json").read_text())["temperature"] != 1.0
    refit, usual = (_log_loss(tmp_path / f"{kind}.npy") for kind in ("refit", "usual"))
    assert refit == pytest.approx(usual, abs=0.03), "the same model, calibrated on other rows"
    _is_sound(tmp_path / "refit.npy")


def _log_loss(predicted: Path) -> float:
    probabilities = np.load(predicted).clip(1e-7, 1)
    return float(-np.log(probabilities[np.arange(300), split(300, 2).labels]).mean())


def _is_sound(predicted: Path) -> None:
    probabilities = np.load(predicted)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert (probabilities.argmax(axis=1) == split(300, 2).labels).mean() > 0.85
