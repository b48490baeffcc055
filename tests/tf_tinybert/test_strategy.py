"""Two devices and two processes learn what one device does; a killed run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, bench_environment
from tests.tf_tinybert.conftest import run_phase

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
        pytest.param(
            {"epochs": 2, "max_length": 16, "steps_per_execution": 3}, "refit", marks=pytest.mark.slow, id="at-one-go"
        ),
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
    changes = json.dumps({"checkpoint": str(checkpoint), "epochs": 1, "workers": 2})
    log = run_phase("fit", tmp_path / "a", changes, launcher=("-m", "tf_tinybert.workers", "2"))
    is_like_one(log["history"], learned[1]["single"]["history"])
    assert (log["device"]["strategy"], log["device"]["replicas"]) == ("multiworker", 2)
    assert json.loads((tmp_path / "a-1.json").read_text())["history"] == log["history"]


def test_workers_end_together_when_one_fails() -> None:
    code = "import os, sys, time\nif os.environ['RANK'] == '1': sys.exit(3)\ntime.sleep(60)"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "tf_tinybert.workers", "2", "-c", code], cwd=ROOT, timeout=60)
    assert done.returncode == 3 and time.monotonic() - started < 30


def test_a_killed_training_goes_on_from_its_last_epoch(checkpoint: Path, tmp_path: Path) -> None:
    params = f"checkpoint={checkpoint},max_length=16,learning_rate=0.002,epochs=10,patience=10"
    command = [sys.executable, "-m", "bench", "run", "-r", f"tinybert[{params}]", "-d", "toy", "--measure", "none"]
    options: dict[str, Any] = {"env": bench_environment(tmp_path), "cwd": tmp_path}
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **options)
    kept = tmp_path / "store" / "checkpoints"
    deadline = time.monotonic() + 200
    while not list(kept.glob("*/worker-0/backup/training_metadata.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (journal,) = kept.glob("*/worker-0/journal.json")
    before = json.loads(journal.read_text())["history"]
    assert before and not list((tmp_path / "store" / "results").glob("*/result.json"))
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = (tmp_path / "store" / "results").glob("*/result.json")
    history = json.loads(result.read_text())["training"]["history"]
    assert [entry["epoch"] for entry in history] == list(range(1, 11))
    assert history[0] == before[0] and not list(kept.iterdir())
