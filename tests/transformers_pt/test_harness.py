"""Through `bench run`: two processes learn what one learns, a killed training resumes, rows tell the truth."""

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

from tests.conftest import ROOT, Bench, bench_environment
from tests.transformers_pt.conftest import Checkpoints

PARAMS = "max_length=16,batch_size=16,learning_rate=0.002,precision=float32,dropout=0.0"


def results(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "store" / "results").glob("*/result.json"))]


def test_two_processes_learn_what_one_does_and_the_row_tells_them(
    bench: Bench, checkpoints: Checkpoints, tmp_path: Path
) -> None:
    recipes = [f"finetune[backbone={checkpoints['bert']},{PARAMS},epochs=1,processes={n}]" for n in (1, 2)]
    done = bench("run", "-r", recipes[0], "-r", recipes[1], "-d", "toy", "--measure", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    one, two = sorted(results(tmp_path), key=lambda row: row["device"]["replicas"])
    assert (one["device"]["replicas"], two["device"]["replicas"]) == (1, 2)
    assert (one["device"]["strategy"], two["device"]["strategy"]) == ("single", "ddp")
    assert one["device"]["global_batch"] == two["device"]["global_batch"] == 16
    assert two["device"]["batch_per_replica"] == 8
    losses = [row["validation"]["log_loss"] for row in (one, two)]
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)  # the last batch is not of the same rows
    assert len(list((tmp_path / "store" / "artifacts").iterdir())) == 2
    assert one["identity"]["params"]["backbone"].startswith("bert@")
    kept = [path for folder in ("results", "artifacts", "keys") for path in (tmp_path / "store" / folder).rglob("*")]
    assert not [path for path in kept if path.is_file() and str(checkpoints["bert"]).encode() in path.read_bytes()]


def test_a_killed_training_resumes_from_its_last_epoch(checkpoints: Checkpoints, tmp_path: Path) -> None:
    recipe = f"finetune[backbone={checkpoints['bert']},{PARAMS},epochs=12,patience=12]"
    command = [sys.executable, "-m", "bench", "run", "-r", recipe, "-d", "toy", "--measure", "none"]
    options: dict[str, Any] = {"env": bench_environment(tmp_path), "cwd": tmp_path}
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **options)
    checkpoints_folder = tmp_path / "store" / "checkpoints"
    deadline = time.monotonic() + 120
    while not list(checkpoints_folder.glob("*/checkpoint-*/trainer_state.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    reached = max(int(p.name.partition("-")[2]) for p in checkpoints_folder.glob("*/checkpoint-*"))
    assert results(tmp_path) == []
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = results(tmp_path)
    history = row["training"]["history"]
    assert [entry["epoch"] for entry in history] == list(range(1, 13))
    assert reached > 0 and not list(checkpoints_folder.iterdir())
    log = (tmp_path / "store" / "results" / row["run_id"] / "log.txt").read_text()
    assert log.count("'eval_loss'") < 12, "epochs before the kill were trained again"


def test_the_training_script_of_the_track_tells_its_recipes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "transformers_pt"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "finetune:" in done.stdout and "lora:" in done.stdout and "--train-top-k-layers" in done.stdout
