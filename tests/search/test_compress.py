"""`bench compress`: chains inside bounds, on validation alone; resumed after a kill; clear errors."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError
from bench.search.chains import alone, parse_steps
from bench.search.judgement import Goals, Validation
from bench.search.targets import Costs, parse_targets
from tests.conftest import Bench, bench_environment, run_bench

TARGET = ("--target", "size<=10MB, p50<=50ms")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    assert run_bench(folder, "run", "-r", "bayes", "-d", "toy", "--measure", "none", "--smoke").returncode == 0
    return folder / "store"


@pytest.fixture
def parent(trained: Path, tmp_path: Path) -> str:
    """The id of a run in this test's own store."""
    shutil.copytree(trained, tmp_path / "store")
    (path,) = (tmp_path / "store" / "results").iterdir()
    return path.name


def test_targets_are_read_with_their_units() -> None:
    targets = parse_targets("size<=2MB, p50 <= 500us, throughput>=100/s, memory<=1GB, macro_f1>=0.8")
    assert targets.costs == {"size": 2e6, "p50": 0.5, "throughput": 100, "memory": 1e9}
    assert targets.scores == {"macro_f1": 0.8}
    excess = targets.excess(Costs(size=3e6, p50=0.25, p95=1.0, memory=5e8, throughput=50))
    assert excess == {"size": 0.5, "p50": -0.5, "throughput": 0.5, "memory": -0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sise<=2MB", "did you mean 'size'?"),
        ("size<=2", "needs a unit"),
        ("size<2MB", "write size<=10MB"),
        ("throughput<=5/s", "throughput has a bound with >="),
        ("p95>=5ms", "p95 has a bound with <="),
        ("accuracy>=0.9ms", "needs no unit"),
        ("accuracy>=90", "above 0 and below 1"),
        ("size<=0MB", "above 0"),
    ],
)
def test_a_wrong_target_is_one_line(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_targets(text)


def predictions(n: int, wrong: range) -> tuple[np.ndarray, np.ndarray]:
    """Labels of two classes, and probabilities that are right but for those texts."""
    labels = np.arange(n) % 2
    predicted = np.where(np.isin(np.arange(n), wrong), 1 - labels, labels)
    return labels, np.eye(2, dtype=np.float32)[predicted]


def test_a_drop_must_be_shown_to_be_small_not_only_look_so() -> None:
    """Two children look no worse than the parent by the same small drop; one of them answers quite differently."""
    goals = Goals("accuracy", 0.02, {"accuracy": 0.85})
    labels, parent = predictions(1000, range(0, 100))
    validation = Validation(labels, parent, goals)
    validation.check()
    alike = validation.judge(*predictions(1000, range(0, 105)))
    unlike = validation.judge(*predictions(1000, range(100, 205)))
    assert alike.drop.value == unlike.drop.value == pytest.approx(0.005) and alike.score == pytest.approx(0.895)
    assert alike.shortfalls["drop"] < 0 < unlike.shortfalls["drop"] and alike.drop.most() < 0.02 < unlike.drop.most()
    assert alike.shortfalls["accuracy"] < 0
    assert (
        Validation(labels, parent, Goals("accuracy", None, {"accuracy": 0.89}))
        .judge(*predictions(1000, range(0, 105)))
        .shortfalls["accuracy"]
        > 0
    )  # it scores more, which could be luck


def test_too_few_texts_for_a_drop_and_other_texts_are_one_line() -> None:
    few = Validation(*predictions(100, range(5)), Goals("accuracy", 0.01, {}))
    with pytest.raises(BenchError, match="100 validation texts cannot show a drop of less than"):
        few.check()
    with pytest.raises(BenchError, match="validated on other texts"):
        few.judge(*predictions(90, range(5)))


def test_the_pareto_set_becomes_rows_and_the_same_command_resumes(bench: Bench, parent: str, tmp_path: Path) -> None:
    target = "size<=10MB, p95<=50ms, memory<=4GB, throughput>=1/s, accuracy>=0.2"
    command = ("compress", parent, "--target", target, "--max-drop", "0.2", "--steps", "trimmed", "--trials", "2")
    ran = bench(*command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "trial 2/2" in ran.stdout and f"Pareto set inside {target}, at most 0.2" in " ".join(ran.stdout.split())
    assert "throughput" in ran.stdout and "/s" in ran.stdout
    rows = [json.loads(p.read_text()) for p in (tmp_path / "store" / "results").glob("trimmed*/result.json")]
    assert rows and all(row["identity"]["parent_run_id"] == parent and row["measurement"] for row in rows)
    assert {row["data"]["limit"] for row in rows} == {300}, "of a smoke run"
    again = bench(*command)
    assert again.returncode == 0 and "trial" not in again.stdout and "Everything is cached" in again.stdout


def test_each_step_is_tried_alone_at_its_defaults_where_these_are_searched() -> None:
    quantize, prune = alone(parse_steps("prune,quantize"))
    assert quantize == {"with prune": False, "with quantize": True, "quantize.to": "onnx-int8"}
    assert prune["with prune"] and prune["prune.ratio"] == 0.5 and "prune.learning_rate" not in prune, "it has none"
    assert alone(parse_steps("quantize[to=onnx-int8]")) == [{}]


def test_first_what_the_step_does_by_default_and_no_other_once_the_minutes_are_over(bench: Bench, parent: str) -> None:
    ran = bench("compress", parent, "--target", "size<=1B", "--steps", "trimmed", "--trials", "50", "--minutes", "0.05")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "trial 1/50: trimmed:" in ran.stdout and "trial 5/50" not in ran.stdout


def test_no_test_text_is_opened_while_it_searches(bench: Bench, parent: str, tmp_path: Path) -> None:
    for path in (tmp_path / "store" / "prepared").glob("*/test-*.parquet"):
        path.write_bytes(b"closed")
    ran = bench("compress", parent, "--target", "size<=1B", "--steps", "trimmed", "--trials", "1")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "nothing keeps to size<=1B" in ran.stdout


@pytest.mark.slow
def test_a_killed_search_goes_on(parent: str, tmp_path: Path) -> None:
    arguments = ("compress", parent, "--target", "size<=1B", "--steps", "trimmed", "--trials", "2")
    command = [sys.executable, "-m", "bench", *arguments]
    options = {"env": bench_environment(tmp_path), "cwd": tmp_path}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, **options)
    assert process.stdout is not None
    deadline = time.monotonic() + 120
    while "trial 1/2" not in process.stdout.readline() and time.monotonic() < deadline:
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert "trial 1/2" not in done.stdout and "trial 2/2" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--steps", "bayes"), "is no step of a chain"),
        (("--steps", "trimmed,trimmed"), "stands in a chain once"),
        (("--steps", "trimed"), "did you mean 'trimmed'?"),
        (("--steps", "trimmed", "--max-drop", "0"), "validation texts cannot show a drop of less than"),
    ],
)
def test_a_wrong_chain_is_refused(bench: Bench, parent: str, arguments: tuple[str, ...], message: str) -> None:
    ran = bench("compress", parent, *TARGET, *arguments)
    assert ran.returncode == 2 and message in ran.stderr and len(ran.stderr.strip().splitlines()) == 1
