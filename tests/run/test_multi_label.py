"""A data set whose texts have several labels: what cannot take it says so before anything runs."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import bench_environment

WORDS = {"anger": "furious hate", "joy": "happy great", "sadness": "sad tears"}
SEPARATED = ("--label-separator", "|")


def call(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], env=bench_environment(folder), cwd=folder,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def write_tweets(path: Path, n: int = 400) -> Path:
    """Each label has words of its own; a text in six has none of either."""
    drawn = random.Random(1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for i in range(n):
            labels = drawn.sample(sorted(WORDS), drawn.choice([0, 1, 1, 1, 2, 2]))
            told = [drawn.choice(WORDS[label].split()) for label in labels]
            writer.writerow(
                [" ".join([*told, *drawn.sample(["bus", "home", "rain", "tea", "work"], 3), str(i)]), "|".join(labels)]
            )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("multi")
    write_tweets(path / "mine.csv")
    return path


def test_a_recipe_of_one_label_is_refused_before_anything_runs(folder: Path) -> None:
    for more in ((), ("--dry-run",)):
        refused = call(folder, "bench", "run", "-r", "bayes", "-d", "mine.csv", *SEPARATED, *more)
        assert refused.returncode == 2 and "bayes: one label a text" in refused.stderr, refused.stderr
        assert refused.stderr.count("\n") == 1 and not list((folder / "store").glob("results/*"))


def test_a_command_of_one_label_is_refused(folder: Path) -> None:
    refused = call(folder, "bench", "data", "audit", "mine.csv", *SEPARATED)
    assert refused.returncode == 2 and "bench data audit reads one label a text" in refused.stderr, refused.stderr
