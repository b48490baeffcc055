"""Through `bench run`: two processes learn what one learns, a killed training resumes, rows tell the truth."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from bench.data import DatasetRef, load
from bench.params import parse_recipe
from tests.conftest import Bench, bench_environment
from tests.forks import ROOT, as_text, fork, start
from tests.transformers_pt.conftest import Checkpoints
from transformers_pt.recipes.finetune import Finetune

PARAMS = "max_length=16,batch_size=16,learning_rate=0.002,precision=float32,dropout=0.0"


def results(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "store" / "results").glob("*/result.json"))]


@pytest.mark.slow
def test_two_processes_learn_what_one_does_and_the_row_tells_them(
    bench: Bench, checkpoints: Checkpoints, tmp_path: Path
) -> None:
    given = f"finetune[backbone={checkpoints['bert']},{PARAMS},epochs=1,devices=2]"
    done = bench("run", "-r", given, "-d", "toy", "--measure", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    (two,) = results(tmp_path)
    toy, recipe = load(DatasetRef("toy")), Finetune()
    (tmp_path / "one").mkdir()
    params = parse_recipe(f"finetune[{PARAMS},epochs=1]")[1] | {"backbone": str(checkpoints["bert"])}
    one = recipe.fit(toy.train, toy.validation, recipe.defaults | params, 0, tmp_path / "one")
    assert (one.device.replicas, two["device"]["replicas"]) == (1, 2)
    assert (one.device.strategy, two["device"]["strategy"]) == ("single", "ddp")
    assert one.device.batch_per_replica == two["device"]["global_batch"] == 16
    assert two["device"]["batch_per_replica"] == 8
    losses = one.history[-1]["validation_loss"], two["validation"]["log_loss"]
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)  # the last batch is not of the same rows
    assert len(list((tmp_path / "store" / "artifacts").iterdir())) == 1
    assert two["identity"]["params"]["backbone"].startswith("bert@")
    kept = [path for folder in ("results", "artifacts", "keys") for path in (tmp_path / "store" / folder).rglob("*")]
    assert not [path for path in kept if path.is_file() and str(checkpoints["bert"]).encode() in path.read_bytes()]


@pytest.mark.slow
def test_a_killed_training_resumes_from_its_last_epoch(bench: Bench, checkpoints: Checkpoints, tmp_path: Path) -> None:
    recipe = f"finetune[backbone={checkpoints['bert']},{PARAMS},epochs=12,patience=12]"
    command = ("run", "-r", recipe, "-d", "toy", "--smoke", "--measure", "none")
    settings, streams = bench_environment(tmp_path), (os.devnull, os.devnull, os.devnull)
    process = start("bench", "bench", *command, environment=settings, folder=tmp_path, streams=streams)
    checkpoints_folder = tmp_path / "store" / "checkpoints"
    deadline = time.monotonic() + 120
    while not list(checkpoints_folder.glob("*/checkpoint-*/trainer_state.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    reached = max(int(p.name.partition("-")[2]) for p in checkpoints_folder.glob("*/checkpoint-*"))
    assert results(tmp_path) == []
    done = bench(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = results(tmp_path)
    history = row["training"]["history"]
    assert [entry["epoch"] for entry in history] == list(range(1, 13))
    assert reached > 0 and not list(checkpoints_folder.iterdir())
    log = (tmp_path / "store" / "results" / row["run_id"] / "log.txt").read_text()
    assert log.count("'eval_loss'") < 12, "epochs before the kill were trained again"


def test_the_training_script_of_the_track_tells_its_recipes() -> None:
    done = as_text(fork("torch", "transformers_pt", environment=os.environ, folder=ROOT))
    assert "finetune:" in done.stdout and "lora:" in done.stdout and "--train-top-k-layers" in done.stdout
