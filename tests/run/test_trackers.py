"""The optional trackers, offline."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.conftest import Bench

QUICK = ("run", "-r", "bayes", "-r", "broken", "-d", "toy", "--measure", "none")


def test_mlflow_gets_params_history_and_scores(bench: Bench, tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="requirements-track.txt is not installed")
    done = bench(*QUICK, "--track", "mlflow")
    assert done.returncode == 3, done.stderr
    with sqlite3.connect(tmp_path / "store" / "tracking" / "mlflow.db") as database:
        metrics = {name for (name,) in database.execute("select distinct key from metrics")}
        assert {"test_accuracy", "validation_macro_f1", "loss"} <= metrics
        assert ("alpha", "1.0") in database.execute("select key, value from params").fetchall()
        assert database.execute("select count(*) from runs").fetchone() == (2,)


def test_wandb_writes_an_offline_run(bench: Bench, tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="requirements-track.txt is not installed")
    done = bench(*QUICK, "--track", "wandb")
    assert done.returncode == 3, done.stderr
    runs = list((tmp_path / "store" / "tracking" / "wandb").glob("offline-run-*/*.wandb"))
    assert len(runs) == 2
    assert any(b"test_accuracy" in run.read_bytes() for run in runs)
