"""`bench auto`: from a file to a recommendation inside a time budget; resumed after a kill; clear errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.auto.halving import rungs, survivors
from bench.auto.journal import Tried
from bench.auto.offer import Model, offered
from bench.auto.race import expected
from bench.auto.trainer import Entrant
from bench.run.keys import Parent
from bench.search.targets import Costs
from tests.conftest import Bench, bench_environment
from tests.report.test_report_commands import call

REHEARSED = ("--smoke", "--minutes", "20")
MODELS = ("-r", "absent", "-r", "bayes", "-r", "trimmed")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Texts of two labels that single words tell apart."""
    words = {"good": ("fine", "great", "sunny", "kind"), "bad": ("awful", "grey", "broken", "rude")}
    rows = [f"a {told[number % 4]} day {number},{label}" for label, told in words.items() for number in range(300)]
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


def results(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (tmp_path / "store" / "results").glob("*/result.json")]


def test_killed_and_called_again_it_ends_with_the_command_that_serves(bench: Bench, mine: Path, tmp_path: Path) -> None:
    command = ("auto", str(mine), "--smoke", "--minutes", "20", *MODELS)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *command], env=bench_environment(tmp_path), cwd=tmp_path,
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or (lines[-1] and "✓" not in lines[-1]):
        lines.append(process.stdout.readline())
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert lines[0].startswith("2 models on 100, 300 rows of mine.csv in 20 minutes")
    assert "absent: left out: package 'no_such_package_anywhere' is not installed; pip install" in lines[1]
    assert "✓ 100 rows · bayes[alpha=2.0]: accuracy 1.0000 on validation, " in lines[-1] and " min used, " in lines[-1]
    (journal,) = (tmp_path / "store" / "auto").iterdir()
    used = json.loads(journal.read_text())["elapsed"]

    ran = bench(*command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = [line for line in ran.stdout.splitlines() if "✓" in line]
    assert shown[0].startswith(lines[-1].partition(" on validation")[0]) and "; stored" in shown[0]
    assert shown[1].startswith("✓ 300 rows · bayes") and shown[2].startswith("✓ 300 rows · trimmed of bayes[alpha=2.0]")
    assert "Ship " in ran.stdout and "serve it: python -m serving http bayes-mine-csv-s0-" in ran.stdout
    assert json.loads(journal.read_text())["elapsed"] > used > 0
    rows = results(tmp_path)
    assert {row["identity"]["recipe"] for row in rows} == {"bayes", "trimmed"}
    assert {row["data"]["limit"] for row in rows} == {300}, "what few rows gave is no row"
    assert len({row["measurement"]["session"]["id"] for row in rows}) == 1

    again = bench(*command)
    assert again.returncode == 0 and "Measuring" not in again.stdout and again.stdout.count("; stored") == 3
    assert again.stdout.partition("Ship ")[2] == ran.stdout.partition("Ship ")[2]


@pytest.mark.slow
def test_where_nothing_fits_the_nearest_are_named(bench: Bench, mine: Path) -> None:
    ran = bench("auto", str(mine), *REHEARSED, "-r", "bayes", "--max-size-mb", "0.001")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "outside the bounds" in ran.stdout and "Nothing on mine.csv" in ran.stdout
    assert "--max-size-mb 0.0" in ran.stdout and "lets in" in ran.stdout


@pytest.mark.slow
def test_a_child_must_be_shown_to_lose_little(bench: Bench, mine: Path) -> None:
    ran = bench("auto", str(mine), *REHEARSED, "-r", "bayes", "-r", "trimmed[ratio=1.0]", "--max-drop", "0.2")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "of bayes[alpha=2.0]: left out: it loses 0." in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give a file of your own, or a data set with -d"),
        (("mine.csv", "-d", "toy"), "not both"),
        (("main.csv",), "no data file main.csv"),
        (("mine.csv", "--minutes", "0.1"), "--minutes 0.1: timing a single model takes about"),
        (("mine.csv", "--metric", "acuracy"), "did you mean 'accuracy'"),
        (("mine.csv", "--max-size-mb", "-1"), "--max-size-mb -1: a number above 0"),
        (("mine.csv", "-r", "bayse"), "did you mean 'bayes'"),
        (("mine.csv", "-r", "trimmed"), "give a recipe that trains from texts, too"),
        (("mine.csv", "-r", "bayes", "--max-drop", "0.0001"), "validation texts cannot show a drop of less than"),
        (("one.csv", "-r", "bayes"), "holds one label only, 'good'; two are needed"),
    ],
)
def test_a_wrong_question_is_one_line(
    mine: Path, tmp_path: Path, arguments: Sequence[str], message: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "one.csv").write_text("text,label\n" + "".join(f"day {n},good\n" for n in range(18)))
    monkeypatch.chdir(tmp_path)
    for name, value in bench_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert call("auto", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1, error


def test_where_nothing_can_be_trained_it_says_so(bench: Bench, mine: Path) -> None:
    ran = bench("auto", str(mine), *REHEARSED, "-r", "absent", "-r", "broken")
    assert ran.returncode == 4 and "no model came to a score on 100 rows in --minutes 20" in ran.stderr
    assert "broken: left out: training: failed: " in ran.stdout


@pytest.mark.slow
def test_the_slow_are_ended_and_what_fits_is_said(bench: Bench, mine: Path) -> None:
    ran = bench("auto", str(mine), "--smoke", "--minutes", "3", "-r", "bayes", "-r", "bayes[pause=600]")
    assert ran.returncode == 0 and "bayes[alpha=2.0,pause=600.0]: left out: training: timeout" in ran.stdout
    ran = bench("auto", str(mine), "--smoke", "--minutes", "2", "-r", "bayes[pause=45]")
    assert ran.returncode == 4, ran.stdout + ran.stderr
    assert "even bayes[alpha=2.0,pause=45.0] on all 300 rows it would take about 2." in ran.stderr


def test_rungs_end_with_all_rows_and_begin_with_enough() -> None:
    assert rungs(16_000, smoke=False) == [1777, 5333, 16_000]
    assert rungs(2_000, smoke=False) == [2_000] and rungs(300, smoke=True) == [100, 300]


def entrant(name: str, score: float, size: float = 1.0) -> Entrant:
    costs = Costs(size=size, p50=1.0, p95=1.0, memory=1.0, throughput=1.0)
    tried = Tried(
        key=name, rows=100, as_parent=Parent(name, name, "none"), at=0.0, scores={"accuracy": score}, costs=costs,
        train_seconds=1.0, round_seconds=1.0,
    )  # fmt: skip
    return Entrant(Model(name, {}), tried)


def test_the_best_third_goes_on_and_something_that_can_be_shipped() -> None:
    ended = [entrant(str(i), i / 10, size=i) for i in range(9)]

    def names(largest: float, rung: int = 0) -> list[str]:
        kept = survivors(ended, 9, rung, lambda e: e.tried.scores["accuracy"], lambda e: e.tried.costs.size <= largest)
        return [each.model.recipe for each in kept]

    assert names(8) == ["8", "7", "6"] and names(3) == ["8", "7", "6", "3"] and names(-1) == ["8", "7", "6"]
    assert names(8, rung=1) == ["8", "7"]


def test_what_is_offered_exists_and_its_children_take_it() -> None:
    offer = offered((), smoke=False, metric="macro_f1")
    watched = {model.params["monitor"] for model in (*offer.models, *offer.children) if "monitor" in model.params}
    assert watched == {"macro_f1"}
    assert offer.models[0].name == "linear" and len({model.name for model in offer.models}) == len(offer.models)
    recipes = {model.recipe for model in offer.models}
    assert recipes == {"linear", "static", "finetune", "lstm", "dnn", "lora"}
    assert {name for child in offer.children for name in child.of} <= recipes


@pytest.mark.parametrize(
    ("trained", "rows", "seconds"),
    [
        ([], 900, 0.0),
        ([(100, 10.0)], 900, 90.0),
        ([(100, 10.0), (300, 12.0)], 900, 18.0),  # nine seconds to start, one for a hundred rows
        ([(100, 10.0), (300, 9.0)], 900, 9.0),  # never less than what fewer rows took
        ([(100, 1.0), (300, 30.0)], 900, 90.0),  # nor more than in proportion
    ],
)
def test_a_start_that_takes_long_is_not_counted_for_each_row(
    trained: list[tuple[int, float]], rows: int, seconds: float
) -> None:
    tried = [entrant("a", 0.9).tried.model_copy(update={"rows": n, "train_seconds": took}) for n, took in trained]
    assert expected(tried, rows) == pytest.approx(seconds)
