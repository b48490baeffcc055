"""Two devices and two processes learn what one device does; a killed training ends as an unbroken one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tf_tinybert.conftest import run_phase
from tests.tf_tinybert.phases import KILLED_AT

Learned = tuple[Path, dict[str, Any]]


def is_like_one(history: list[dict[str, float]], one: list[dict[str, float]]) -> None:
    """Whatever `one` tells; it may have had no validation."""
    assert len(history) == len(one)
    for ours, theirs in zip(history, one, strict=True):
        assert {name: ours[name] for name in theirs} == pytest.approx(theirs, abs=2e-4)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"epochs": 1}, "single"),
        pytest.param({"epochs": 2, "steps_per_execution": 3}, "refit", marks=pytest.mark.slow, id="at-one-go"),
    ],
)
def test_two_devices_learn_what_one_does(
    changes: dict[str, Any], same: str, checkpoint: Path, learned: Learned, tmp_path: Path
) -> None:
    given = {"checkpoint": str(checkpoint), "strategy": "mirrored"} | changes
    log = run_phase("fit", tmp_path / "a", json.dumps(given), "two")
    is_like_one(log["history"], learned[1][same]["history"])
    assert (log["device"]["strategy"], log["device"]["replicas"]) == ("mirrored", 2)
    assert log["device"]["batch_per_replica"] == 8


@pytest.mark.slow
def test_two_processes_learn_what_one_does(checkpoint: Path, learned: Learned, tmp_path: Path) -> None:
    changes = json.dumps({"checkpoint": str(checkpoint), "epochs": 1, "devices": 2})
    log = run_phase("fit", tmp_path / "a", changes, launcher=("-m", "tf_tinybert.workers", "2"))
    is_like_one(log["history"], learned[1]["single"]["history"])
    assert (log["device"]["strategy"], log["device"]["replicas"]) == ("multiworker", 2)
    assert json.loads((tmp_path / "a-1.json").read_text())["history"] == log["history"]


def test_workers_end_together_when_one_fails() -> None:
    code = "import os, sys, time\nif os.environ['RANK'] == '1': sys.exit(3)\ntime.sleep(60)"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "tf_tinybert.workers", "2", "-c", code], cwd=ROOT, timeout=60)
    assert done.returncode == 3 and time.monotonic() - started < 30


def is_as_unbroken(found: dict[str, Any], history: list[dict[str, float]], first_step: int = KILLED_AT) -> None:
    assert found["first_step"] == first_step, "nothing that was stored is trained again"
    assert found["stored"] == ["state.npz"] and found["told"] == ["epoch", "examples_per_s", "loss"]
    assert found["gap"] == 0.0, "the very weights, dropout's numbers included"
    assert found["best_epoch"] == 1, "stored before the kill, and still known"
    assert found["history"] == history


@pytest.mark.slow
def test_a_training_that_is_killed_within_an_epoch_ends_as_an_unbroken_one(checkpoint: Path, tmp_path: Path) -> None:
    given = json.dumps({"checkpoint": str(checkpoint)})
    history = run_phase("break_off", tmp_path / "a", given)
    is_as_unbroken(run_phase("resume", tmp_path / "a", given), history)


@pytest.mark.slow
def test_so_does_one_on_two_devices(checkpoint: Path, tmp_path: Path) -> None:
    given = json.dumps({"checkpoint": str(checkpoint), "strategy": "mirrored", "steps_per_execution": 3})
    history = run_phase("break_off", tmp_path / "a", given, "two")
    is_as_unbroken(run_phase("resume", tmp_path / "a", given, "two"), history, first_step=39)


@pytest.mark.slow
def test_so_does_one_of_two_processes(checkpoint: Path, tmp_path: Path) -> None:
    """The mean of the loss of the epoch that was cut off is that of the steps since."""
    given, workers = json.dumps({"checkpoint": str(checkpoint), "devices": 2}), ("-m", "tf_tinybert.workers", "2")
    history = run_phase("break_off", tmp_path / "a", given, launcher=workers)
    found = run_phase("resume", tmp_path / "a", given, launcher=workers)
    assert found["history"][2].pop("loss") == pytest.approx(history[2].pop("loss"), rel=0.5)
    is_as_unbroken(found, history)
