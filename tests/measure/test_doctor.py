"""What the doctor says of this machine, and of one that lacks something."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


def doctor(*arguments: str, root: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", "doctor", *arguments],
        cwd=root, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_facts_are_those_of_this_machine(tmp_path: Path) -> None:
    done = doctor("--json", "--store", str(tmp_path / "deep" / "store"), OMP_NUM_THREADS="1")
    facts = json.loads(done.stdout)
    packages = {package["name"]: package for package in facts["packages"]}
    assert packages["numpy"]["installed"] == np.__version__
    assert packages["numpy"]["optional"] is False and packages["wandb"]["optional"] is True
    assert facts["thread_settings"]["OMP_NUM_THREADS"] == "1"
    assert facts["measured_threads"] == sorted({1, facts["cores"]})
    assert facts["store"] == {
        "path": str(tmp_path / "deep" / "store"), "runs": 0, "writable": True, "free_gb": facts["store"]["free_gb"],
        "problems": [], "aside": None,
    }  # fmt: skip
    assert facts["store"]["free_gb"] > 0
    assert not (tmp_path / "deep").exists()
    toy = next(dataset for dataset in facts["datasets"] if dataset["name"] == "toy")
    assert toy["problem"] is None


def test_a_data_set_that_is_not_here_says_how_to_get_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bench", tmp_path / "code" / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "code" / "requirements.txt").write_text("numpy==1.0\n# a comment\nno-such-package==2.0\n")
    done = doctor(root=tmp_path / "code", SENTIBENCH_CACHE=str(tmp_path), PYTHONPATH=str(tmp_path / "code"))
    assert done.returncode == 1
    shown = " ".join(done.stdout.split())
    assert f"numpy is {np.__version__}, 1.0 is pinned" in shown
    assert "no-such-package is not installed, 2.0 is pinned pip install -r requirements.txt" in shown
    assert "✗ data set 'emotions': file" in shown
    assert "✓ toy" in shown


def test_a_data_folder_that_does_not_exist_is_one_error(tmp_path: Path) -> None:
    done = doctor("--data-dir", str(tmp_path / "no"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: data folder") and done.stderr.count("\n") == 1


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert "not writable" in doctor("--store", str(tmp_path / "file" / "store")).stdout
