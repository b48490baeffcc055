"""Texts of several labels: what takes them, from the file to the verified page, and what says that it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_bench
from tests.report.page_data import as_text
from tests.tweets import SEPARATED, write_tweets


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models on the file."""
    folder = tmp_path_factory.mktemp("multi")
    write_tweets(folder / "mine.csv")
    recipes = ("-r", "single_words", "-r", "single_words[least=120]")
    done = run_bench(folder, "run", *recipes, "-d", "mine.csv", *SEPARATED, "--measure", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def results(folder: Path) -> list[dict[str, Any]]:
    """The best first."""
    found = [json.loads(path.read_text()) for path in (folder / "store" / "results").glob("*/result.json")]
    return sorted(found, key=lambda result: -result["quality"]["macro_f1"]["value"])


def test_what_takes_one_label_a_text_is_refused_before_anything_runs(ran: Path) -> None:
    refused = run_bench(ran, "run", "-r", "bayes", "-d", "mine.csv", *SEPARATED)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "bayes: one label a text" in refused.stderr and "single_words" in refused.stderr
    for command in (
        ("data", "audit", "mine.csv", *SEPARATED, "--without-suspects"),
        ("data", "audit", "mine.csv", *SEPARATED, "--unlabelled", "mine.csv"),
        ("confidence", "-d", "mine.csv"),
        ("search", "nbsvm", "-d", "mine.csv", *SEPARATED),
        ("auto", "-r", "nbsvm", "-d", "mine.csv", *SEPARATED),
        ("run", "-r", "distill[student=tinybert]", "--parent", results(ran)[0]["run_id"]),
        ("run", "-r", "single_words", "-d", "mine.csv", "--per-label", "3"),
    ):
        refused = run_bench(ran, *command)
        assert refused.returncode == 2 and "one label a text" in refused.stderr, refused.stderr
    nothing = run_bench(ran, "data", "check", "mine.csv", "--label-separator", "")
    assert nothing.returncode == 2 and nothing.stderr.startswith("error: --label-separator '': give"), nothing.stderr
    assert len(results(ran)) == 2


def test_contradictions_and_slices_are_told(ran: Path, tmp_path: Path) -> None:
    sliced = run_bench(ran, "slices", "-d", "mine.csv")
    assert sliced.returncode == 0 and "slices differ from the rest" in sliced.stdout, sliced.stderr
    rows = [f"the same words about tea and rain {i % 30},{('joy', 'joy|anger', 'anger')[i // 30]}" for i in range(90)]
    (tmp_path / "twice.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    audited = run_bench(tmp_path, "data", "audit", "twice.csv", *SEPARATED, "--json")
    assert audited.returncode == 0, audited.stderr
    found = json.loads(audited.stdout)
    assert found["multi_label"] and found["explanations"] == [] == found["suspects"]
    assert {name for pair in found["near_duplicates"] for name in pair["labels"]} == {"anger", "anger | joy", "joy"}
    assert found["conflicting_texts"] > 20 and "wrong labels (a text may have several labels)" in found["missing"]


def test_thresholds_of_validation_are_in_the_artifact_and_the_result(ran: Path) -> None:
    best, _ = results(ran)
    sets = best["quality"]["multi_label"]
    card = json.loads((ran / "store" / "artifacts" / best["identity"]["artifact"] / "artifact.json").read_text())
    assert card["thresholds"] == sets["thresholds"] and len(card["thresholds"]) == 3
    assert card["reading"] == {"label_separator": "|"} and best["quality"]["confusion"] == []
    assert best["quality"]["macro_f1"]["value"] > 0.9 and sets["hamming_loss"]["value"] < 0.1


def test_the_board_is_judged_by_macro_f1_and_models_are_compared(ran: Path) -> None:
    (board,) = json.loads(run_bench(ran, "compare", "--json").stdout)["boards"]
    assert board["metric"] == "macro_f1" and [line["rank"] for line in board["lines"]] == [1, 2]
    assert board["lines"][0]["values"]["micro_f1"] > 0.9 and board["lines"][0]["standing"]["score"]["value"] > 0.9
    worse, better = (result["run_id"] for result in results(ran)[::-1])
    compared = run_bench(ran, "compare", worse, better).stdout
    assert all(f"{name} " in compared for name in ("subset accuracy", "macro-F1", "macro-recall", "micro-F1"))
    assert "macro-F1: the second is better" in compared, compared


def test_what_is_stored_is_verified_and_thresholds_that_validation_does_not_give_are_found(ran: Path) -> None:
    report = run_bench(ran, "report", "--out", "out")
    assert report.returncode == 0, report.stderr
    assert '"multi":true' in as_text(ran / "out")
    verified = run_bench(ran, "verify", "out")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    best, _ = results(ran)
    path = ran / "out" / "results" / best["run_id"] / "result.json"
    best["quality"]["multi_label"]["thresholds"][0] = 0.0001
    path.write_text(json.dumps(best))
    altered = run_bench(ran, "verify", "out")
    assert altered.returncode == 1 and "the threshold of 'anger' gives F1" in altered.stdout, altered.stdout


def test_a_search_goes_by_macro_f1(tmp_path: Path) -> None:
    write_tweets(tmp_path / "mine.csv")
    quick = ("--trials", "2", "--seeds", "1", "--only", "C", "--measure", "none")
    searched = run_bench(tmp_path, "search", "linear", "-d", "mine.csv", *SEPARATED, *quick)
    assert searched.returncode == 0 and "macro_f1" in searched.stdout, searched.stdout + searched.stderr
    assert results(tmp_path)[0]["validation"]["macro_f1"] > 0.9
