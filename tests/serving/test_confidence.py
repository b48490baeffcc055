"""Calibrated answers, sets and abstention, behind HTTP and on files: as the fitted file has them."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.confidence.storage import CONFIDENCE, Confidence
from tests.conftest import bench_environment, run_bench
from tests.forks import fork
from tests.serving.conftest import Trained
from tests.serving.server import running


@pytest.fixture(scope="module")
def sure(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Confidence]:
    """The trained run in a store of its own, and what was fitted for it."""
    folder = Path(shutil.copytree(trained.folder, tmp_path_factory.mktemp("sure") / "served"))
    assert run_bench(folder, "confidence", trained.run).returncode == 0
    (confidence,) = CONFIDENCE.stored(folder / "store")
    return replace(trained, folder=folder), confidence


def predict(run: Trained, folder: Path, *options: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    command = ("serving", "predict", run.run, "--store", str(run.folder / "store"), *options)
    texts = "".join(json.dumps({"text": text}) + "\n" for text in run.texts[:60]).encode()
    done = fork("bench", *command, environment=bench_environment(run.folder), folder=folder, given=texts)
    assert done.returncode == 0 or not check, done.stderr
    return done


def test_http_answers_with_calibrated_probabilities_and_sets(sure: tuple[Trained, Confidence]) -> None:
    run, confidence = sure
    texts = run.texts[:80]
    wanted = confidence.fitted.calibration(run.probabilities[:80])
    with running(run, "--least-confidence", "0.6", "--sets", "0.9") as (client, _):
        answers = client.post("/predict", json={"texts": texts}).json()["predictions"]
        fields = client.get("/openapi.json").json()["components"]["schemas"]["Prediction"]
    found = np.array([[one["probabilities"][label] for label in run.labels] for one in answers])
    assert np.abs(found - wanted).max() < 1e-5 < np.abs(found - run.probabilities[:80]).max()
    assert [one["answered"] for one in answers] == (wanted.max(axis=1) >= 0.6).tolist()
    (conformal,) = (each for each in confidence.fitted.conformal if each.error == 0.1)
    for one, row in zip(answers, wanted, strict=True):
        assert set(one["set"]) == {run.labels[i] for i in range(3) if row[i] >= conformal.least} | {one["label"]}
        assert one["set"][0] == one["label"]
    assert "set" not in fields["required"] and "probability" in fields["required"]


def test_files_get_their_columns_in_every_format(sure: tuple[Trained, Confidence], tmp_path: Path) -> None:
    run, confidence = sure
    wanted = confidence.fitted.calibration(run.probabilities[:60])
    options = ("--least-confidence", "0.6", "--sets", "0.8")
    lines = [json.loads(line) for line in predict(run, tmp_path, *options, "--format", "jsonl").stdout.splitlines()]
    assert np.abs(np.array([[one[f"p_{label}"] for label in run.labels] for one in lines]) - wanted).max() < 1e-5
    assert all(isinstance(one["set"], list) and one["answered"] in (True, False) for one in lines)
    sheet = predict(run, tmp_path, *options, "--format", "jsonl", "--output-format", "csv").stdout.decode()
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert [json.loads(row["set"]) for row in rows] == [one["set"] for one in lines]
    predict(run, tmp_path, *options, "--format", "jsonl", "-o", "scored.parquet")
    table = pq.read_table(tmp_path / "scored.parquet").to_pylist()
    assert [row["set"] for row in table] == [one["set"] for one in lines], "lists, not text"
    plain = json.loads(predict(run, tmp_path, "--format", "jsonl").stdout.splitlines()[0])
    assert "set" not in plain and abs(plain[f"p_{run.labels[0]}"] - run.probabilities[0, 0]) < 1e-5


def test_what_was_not_fitted_is_one_line(sure: tuple[Trained, Confidence], trained: Trained, tmp_path: Path) -> None:
    failed = predict(trained, tmp_path, "--calibrated", check=False)
    assert failed.returncode == 2 and b"`python -m bench confidence RUN` makes it" in failed.stderr
    failed = predict(sure[0], tmp_path, "--sets", "0.5", check=False)
    assert failed.returncode == 2 and b"--sets 0.5: sets are fitted for 0.8, 0.9, 0.95" in failed.stderr
