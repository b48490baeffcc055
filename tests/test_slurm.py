"""`bench submit --slurm`: the scripts, as SLURM and bash read them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import Bench


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "my suite.yaml"
    runs = [{"recipe": "bayes", "grid": {"alpha": [1, 2]}}, {"recipe": "lstm"}]
    path.write_text(yaml.safe_dump({"name": "mine", "datasets": ["toy"], "seeds": [0, 1], "runs": runs}))
    return str(path)


def _options(script: Path) -> dict[str, str]:
    return dict(re.findall(r"^#SBATCH --([a-z-]+)(?:=(.*))?$", script.read_text(), re.MULTILINE))


def test_an_array_shares_a_store_and_one_job_measures_alone(bench: Bench, suite: str, tmp_path: Path) -> None:
    done = bench("submit", suite, "--slurm", "--store", "shared", "--partition", "long", "--hours", "2.5")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "slurm"
    runs, measuring = _options(folder / "runs.sbatch"), _options(folder / "measure.sbatch")
    assert (runs["array"], runs["time"], runs["partition"]) == ("1-6", "2:30:00", "long")
    assert (runs["cpus-per-task"], runs["mem"]) == ("4", "4000M"), "the most that a recipe of the suite declares"
    assert "gpus-per-node" not in runs and "array" not in measuring and measuring["exclusive"] == ""
    store = f"--store {tmp_path / 'shared'}"
    for name, measure in (("runs", True), ("measure", False)):
        text = (folder / f"{name}.sbatch").read_text()
        assert store in text and ("--measure none" in text) == measure
        assert subprocess.run(["bash", "-n", str(folder / f"{name}.sbatch")], check=False).returncode == 0


def test_what_is_given_stands_before_what_recipes_declare(bench: Bench, suite: str, tmp_path: Path) -> None:
    asked = (
        "--device",
        "gpu",
        "--tasks",
        "3",
        "--cpus",
        "16",
        "--memory-gb",
        "64",
        "--measure",
        "none",
        "--out",
        "jobs",
    )
    assert bench("submit", suite, "--slurm", *asked).returncode == 0
    runs = _options(tmp_path / "jobs" / "runs.sbatch")
    assert (runs["array"], runs["cpus-per-task"], runs["mem"], runs["gpus-per-node"]) == ("1-3", "16", "64000M", "1")
    assert not (tmp_path / "jobs" / "measure.sbatch").exists()
    assert "measure" not in (tmp_path / "jobs" / "submit.sh").read_text()


def test_the_submission_chains_the_jobs(bench: Bench, suite: str, tmp_path: Path) -> None:
    """With a stand-in for `sbatch` that notes how it is called, and refuses when it is told to."""
    assert bench("submit", suite, "--slurm").returncode == 0
    stand_in = tmp_path / "bin" / "sbatch"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/bash\necho "$@" >> {tmp_path}/calls\necho "17;cluster"\nexit ${{REFUSE:-0}}\n')
    stand_in.chmod(0o755)
    path = {"PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"}
    told = subprocess.run(
        ["bash", str(tmp_path / "slurm" / "submit.sh")],
        env=os.environ | path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "runs: job 17" in told
    first, second = (tmp_path / "calls").read_text().splitlines()
    assert first == "--parsable runs.sbatch"
    assert second == "--parsable --dependency=afterany:17 measure.sbatch"
    refused = bench("submit", suite, "--slurm", REFUSE="1", **path)
    assert refused.returncode == 2 and "sbatch refuses it" in refused.stderr


@pytest.mark.skipif(shutil.which("sbatch") is None, reason="SLURM is not installed")
def test_slurm_takes_them(bench: Bench, suite: str) -> None:
    assert bench("submit", suite, "--slurm").returncode == 0


def test_bad_input_is_one_line(bench: Bench, suite: str) -> None:
    for arguments, told in (((suite,), "--slurm"), (("nosuch", "--slurm"), "nosuch"), (("--slurm",), "suite")):
        refused = bench("submit", *arguments)
        assert refused.returncode == 2 and told in refused.stderr.lower()
