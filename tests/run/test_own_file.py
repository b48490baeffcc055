"""What was chosen for a user's file is kept: nothing that comes after a run asks for path, columns or options again."""

from __future__ import annotations

import csv
import json
import pstats
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.data import Reading
from bench.errors import BenchError
from bench.expand import suite_specs
from bench.spec import load_suite
from tests.conftest import Bench, bench_environment

LINES = ("awful; bad", "bad"), ("lovely; great", "good"), ("awful; sad", "bad"), ("lovely; nice", "Good ")
TWEETS = "id;Tweet;Mood\n" + "".join(f'{i};"{LINES[i % 4][0]} thing {i}";{LINES[i % 4][1]}\n' for i in range(120))
READ = ("--text-column", "tweet", "--label-column", "mood", "--merge-labels")


def call(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], env=bench_environment(folder), cwd=folder,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (folder / "store" / "results").glob("*/result.json")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a file that has moved away since."""
    path = tmp_path_factory.mktemp("own")
    (path / "in").mkdir()
    (path / "in" / "mine.csv").write_text(TWEETS)
    ran = call(path, "bench", "run", "-r", "bayes", "-d", "in/mine.csv", *READ, "--measure", "none")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (path / "in" / "mine.csv").rename(path / "elsewhere.csv")
    return path


def test_notes_say_how_the_file_was_read_and_no_path_is_kept(folder: Path) -> None:
    (row,) = results(folder)
    assert row["data"]["label_names"] == ["Good", "bad"]
    assert row["data"]["notes"] == ["columns parted by a semicolon", "2 spellings of labels merged: Good"]
    (card,) = (folder / "store" / "artifacts").glob("*/artifact.json")
    kept = json.loads(card.read_text())
    assert kept["reading"] == {"text_column": "tweet", "label_column": "mood", "merge_labels": True}
    assert str(folder) not in card.read_text() + json.dumps(row)


def test_a_child_needs_neither_path_nor_columns(folder: Path) -> None:
    (parent,) = (row["run_id"] for row in results(folder) if row["identity"]["recipe"] == "bayes")
    ran = call(folder, "bench", "run", "-r", "trimmed", "--parent", parent, "--measure", "none")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    child = next(row for row in results(folder) if row["identity"]["recipe"] == "trimmed")
    assert child["data"]["dataset"] == "mine.csv" and child["identity"]["parent_run_id"] == parent
    assert call(folder, "bench", "verify", "store").returncode == 0


def test_prediction_knows_the_column(folder: Path) -> None:
    run = next(row["run_id"] for row in results(folder) if row["identity"]["recipe"] == "bayes")
    (folder / "new.csv").write_text("Tweet;user\nlovely great thing;a\nawful bad;b\n")
    ran = call(folder, "serving", "predict", run, "-i", "new.csv", "-o", "out.csv")
    assert ran.returncode == 0, ran.stderr
    with (folder / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["Tweet"], row["user"], row["predicted"]) for row in found] == [
        ("lovely great thing", "a", "Good"), ("awful bad", "b", "bad"),
    ]  # fmt: skip


def test_data_that_are_gone_are_asked_for(folder: Path, tmp_path: Path) -> None:
    run = next(row["run_id"] for row in results(folder) if row["identity"]["recipe"] == "bayes")
    (folder / "store" / "prepared").rename(tmp_path / "prepared")
    try:
        ran = call(folder, "bench", "run", "-r", "trimmed", "--parent", run)
    finally:
        (tmp_path / "prepared").rename(folder / "store" / "prepared")
    assert ran.returncode == 2 and "mine.csv are not in" in ran.stderr and "give the file with -d" in ran.stderr, ran


def test_a_suite_reads_a_file_by_the_same_options(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(
        "name: own\ndatasets: [{name: a.csv, text_column: tweet, min_count: 5}]\nruns: [{recipe: linear}]\n"
    )
    (spec,) = suite_specs(load_suite(str(path)))
    assert spec.dataset.reading == Reading(text_column="tweet", min_count=5)
    path.write_text("name: own\ndatasets: [{name: a.csv, text_colum: tweet}]\nruns: [{recipe: linear}]\n")
    with pytest.raises(BenchError, match=r"unknown key 'datasets\.0\.text_colum': did you mean 'text_column'"):
        load_suite(str(path))


def test_a_rehearsed_plan_tells_what_is_wrong_with_a_file(bench: Bench, tmp_path: Path) -> None:
    rows = "".join(f"good day {i},up\nbad day {i},down\n" for i in range(30))
    (tmp_path / "mine.csv").write_text("said,label\n" + rows)
    planned = ("run", "-r", "bayes", "-d", "mine.csv", "--dry-run")
    wrong = bench(*planned)
    assert wrong.returncode == 2 and "no column 'text'" in wrong.stderr and wrong.stderr.count("\n") == 1
    assert "bayes · mine.csv" in bench(*planned, "--text-column", "said").stdout


def test_what_was_chosen_once_is_not_asked_for_again(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(TWEETS)
    assert bench("data", "audit", "mine.csv", *READ).returncode == 0
    ran = bench("run", "-r", "bayes", "-d", "mine.csv", "--measure", "none")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == "mine.csv is read as before: --text-column tweet --label-column mood --merge-labels\n"
    (tmp_path / "mine.csv").write_text(TWEETS + '120;"another thing";good\n')
    assert "no column 'label'" in bench("run", "-r", "bayes", "-d", "mine.csv").stderr
    plain = TWEETS.replace("Tweet;Mood", "text;label").replace("Good ", "good")
    (tmp_path / "plain.csv").write_text(plain)
    assert bench("run", "-r", "bayes", "-d", "plain.csv", "--min-count", "5", "--measure", "none").returncode == 0
    assert "as before" not in bench("run", "-r", "bayes", "-d", "plain.csv", "--measure", "none").stderr


def test_steps_of_one_scale_are_scored_as_such(tmp_path: Path) -> None:
    rows = [
        (f"{word} thing {i}", label) for i in range(40) for word, label in (("awful", 1), ("plain", 2), ("lovely", 3))
    ]
    (tmp_path / "stars.csv").write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    ran = call(tmp_path, "bench", "run", "-r", "bayes", "-d", "stars.csv", "--order", "3,2,1", "--measure", "none")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (row,) = results(tmp_path)
    assert row["data"]["label_names"] == ["3", "2", "1"]
    ran = call(tmp_path, "bench", "export", "--format", "json")
    (line,) = json.loads(ran.stdout)
    assert line["mean_absolute_error"] is not None and line["quadratic_kappa"] is not None, ran.stdout
    ran = call(tmp_path, "bench", "compare")
    assert "labels are steps of one scale: 3 < 2 < 1" in ran.stdout, ran.stdout
    assert call(tmp_path, "bench", "verify", "store").returncode == 0


def test_a_plan_of_several_recipes_reads_the_file_once(tmp_path: Path) -> None:
    """Its labels are skewed: what decides, and what each recipe watches, is said by its rows."""
    rows = "".join(f"{i} days,{'rare' if i % 9 == 0 else 'usual'}\n" for i in range(200))
    (tmp_path / "mine.csv").write_text("text,label\n" + rows)
    recipes = ("-r", "bayes", "-r", "linear", "-r", "epochal", "-d", "mine.csv", "--measure", "none")

    def read(*more: str) -> int:
        """How often the command itself, apart from its workers, reads the rows."""
        ran = call(tmp_path, "cProfile", "-o", "calls", "-m", "bench", "run", *recipes, *more)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return sum(calls[0] for (*_, name), calls in profile("calls").items() if name == "read_user_file")

    def profile(name: str) -> dict[Any, Any]:
        calls: dict[Any, Any] = vars(pstats.Stats(str(tmp_path / name)))["stats"]
        return calls

    assert read("--dry-run") == 1
    assert read() == 0, "a worker has read and prepared it"
    assert read("--dry-run") == 0
