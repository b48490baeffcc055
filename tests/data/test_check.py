from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Bench
from tests.data.conftest import WriteCsv, reviews


def test_all_sets_are_listed_and_those_that_are_absent_are_no_failure(bench: Bench, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = bench("data", "check", "toy", "--json")
    assert done.returncode == 0, done.stderr
    (toy,) = json.loads(done.stdout)
    assert toy["status"] == "ok" and toy["rows"] == {"train": 2400, "validation": 400, "test": 800}


def test_a_named_set_that_is_not_there_is_a_failure_that_says_what_to_fetch(bench: Bench) -> None:
    done = bench("data", "check", "toy", "tsatc")
    assert done.returncode == 1
    assert "not found" in done.stdout and "python -m bench data fetch tsatc" in done.stdout


def test_an_altered_copy_is_a_failure(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "emotions-nlp"
    folder.mkdir(parents=True)
    for name in ("train", "val", "test"):
        (folder / f"{name}.txt").write_text("i feel fine;joy\n")
    done = bench("data", "check", "emotions", "--data-dir", str(tmp_path / "mine"))
    assert done.returncode == 1
    assert "wrong" in done.stdout and "16 bytes where the manifest has 1,658,616" in done.stdout


def test_own_files_are_checked_too(bench: Bench, write_csv: WriteCsv) -> None:
    path = write_csv(reviews(), header=("said", "mood"))
    done = bench("data", "check", str(path), "--text-column", "said", "--label-column", "mood")
    assert done.returncode == 0, done.stdout
    done = bench("data", "check", str(path))
    assert done.returncode == 1 and "no column 'text'" in done.stdout


def test_an_unknown_name_is_wrong_usage(bench: Bench) -> None:
    done = bench("data", "check", "imbd")
    assert done.returncode == 2 and "did you mean 'imdb'?" in done.stderr
