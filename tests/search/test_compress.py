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

import pytest

from bench.errors import BenchError
from bench.search.targets import Costs, parse_targets
from tests.conftest import Bench, bench_environment

TARGET = ("--target", "size<=10MB, p50<=50ms")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    command = [sys.executable, "-m", "bench", "run", "-r", "bayes", "-d", "toy", "--measure", "none", "--smoke"]
    subprocess.run(command, env=bench_environment(folder), cwd=folder, check=True, capture_output=True)
    return folder / "store"


@pytest.fixture
def parent(trained: Path, tmp_path: Path) -> str:
    """The id of a run in this test's own store."""
    shutil.copytree(trained, tmp_path / "store")
    (path,) = (tmp_path / "store" / "results").iterdir()
    return path.name


def test_targets_are_read_with_their_units() -> None:
    targets = parse_targets("size<=2MB, p50 <= 500us")
    assert targets.bounds == {"size": 2e6, "p50": 0.5}
    assert targets.excess(Costs(size=3e6, p50=0.25)) == {"size": 0.5, "p50": -0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [("sise<=2MB", "did you mean 'size'?"), ("size<=2", "needs a unit"), ("size<2MB", "write size<=10MB")],
)
def test_a_wrong_target_is_one_line(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_targets(text)


def test_the_pareto_set_becomes_rows_and_the_same_command_resumes(bench: Bench, parent: str, tmp_path: Path) -> None:
    command = ("compress", parent, *TARGET, "--max-drop", "0.2", "--steps", "trimmed", "--trials", "2")
    ran = bench(*command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "trial 2/2" in ran.stdout and "Pareto set inside size<=10MB, p50<=50ms" in ran.stdout
    rows = [json.loads(p.read_text()) for p in (tmp_path / "store" / "results").glob("trimmed*/result.json")]
    assert rows and all(row["identity"]["parent_run_id"] == parent and row["measurement"] for row in rows)
    assert {row["data"]["limit"] for row in rows} == {300}, "of a smoke run"
    again = bench(*command)
    assert again.returncode == 0 and "trial" not in again.stdout and "Everything is cached" in again.stdout


def test_no_test_text_is_opened_while_it_searches(bench: Bench, parent: str, tmp_path: Path) -> None:
    for path in (tmp_path / "store" / "prepared").glob("*/test-*.parquet"):
        path.write_bytes(b"closed")
    ran = bench("compress", parent, "--target", "size<=1B", "--steps", "trimmed", "--trials", "1")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "nothing keeps to size<=1B" in ran.stdout


def test_a_killed_search_goes_on(parent: str, tmp_path: Path) -> None:
    arguments = ("compress", parent, *TARGET, "--max-drop", "0.0", "--steps", "trimmed", "--trials", "2")
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
    ],
)
def test_a_wrong_chain_is_refused(bench: Bench, parent: str, arguments: tuple[str, ...], message: str) -> None:
    ran = bench("compress", parent, *TARGET, *arguments)
    assert ran.returncode == 2 and message in ran.stderr and len(ran.stderr.strip().splitlines()) == 1
