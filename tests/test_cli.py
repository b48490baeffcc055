"""The command line from outside: speed of `list`, help, and one-line errors with the documented exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Bench, bench_environment

HEAVY = {
    "tensorflow",
    "keras",
    "torch",
    "transformers",
    "sklearn",
    "pandas",
    "matplotlib",
    "scipy",
    "pyarrow",
    "optuna",
    "sqlalchemy",
}


def test_list_imports_no_framework(bench: Bench, tmp_path: Path) -> None:
    listed = bench("list")
    assert listed.returncode == 0
    assert {"linear", "dnn", "lstm", "constant", "emotions", "toy", "quick"} <= set(listed.stdout.split())
    code = (
        "import sys, contextlib; from bench.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['list'])\n"
        "print('loaded', *sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=bench_environment(tmp_path),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(run.stdout.rpartition("loaded")[2].split())
    assert not HEAVY & loaded


def test_list_as_json(bench: Bench) -> None:
    assert "linear" in json.loads(bench("list", "recipes", "--json").stdout)


def test_help_shows_examples(bench: Bench) -> None:
    for verb in (
        "auto",
        "run",
        "search",
        "measure",
        "calibrate",
        "data",
        "compare",
        "recommend",
        "report",
        "export",
        "verify",
        "check",
        "doctor",
        "list",
    ):
        shown = bench(verb, "--help")
        assert shown.returncode == 0
        assert "python -m bench" in shown.stdout, verb


def test_an_empty_store_says_what_to_run_first(bench: Bench) -> None:
    shown = bench()
    assert shown.returncode == 4
    assert "python -m bench run quick" in shown.stdout + shown.stderr


@pytest.mark.parametrize("given", [("--store", "mine"), ("--store=mine",)])
def test_a_store_before_the_verb_is_honoured(bench: Bench, given: tuple[str, ...]) -> None:
    assert "no results in the store mine" in bench(*given, "compare").stderr
    assert "no results in the store mine" in bench("compare", *given).stderr
    refused = bench(*given, "check", "linear")  # a verb without a store
    assert refused.returncode == 2 and "No such option: --store" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "-r", "lstn", "-d", "toy"), "unknown recipe 'lstn': did you mean 'lstm'?"),
        (("run", "-r", "linear", "-d", "emotion"), "unknown data set 'emotion': did you mean 'emotions'?"),
        (("run", "-r", "linear[cc=3]", "-d", "toy"), "recipe 'linear' has no parameter 'cc'"),
        (("run", "-r", "bayes[alpha=high]", "-d", "toy"), "parameter 'alpha' of recipe 'bayes' is 'high'"),
        (("run", "-r", "bayes[alpha", "-d", "toy"), "cannot read 'bayes[alpha'"),
        (("run", "-r", "bayes[alpha]", "-d", "toy"), "write key=value"),
        (("run", "quik"), "unknown suite 'quik': did you mean 'quick'?"),
        (("run", "quick", "-r", "linear"), "not both"),
        (("run",), "nothing to run"),
        (("run", "-r", "linear", "-d", "toy", "--seeds", "a"), "cannot read the seeds 'a'"),
        (("run", "-r", "linear", "-d", "nowhere.csv"), "no data file nowhere.csv"),
        (("check", "lineer"), "did you mean 'linear'?"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(bench: Bench, arguments: tuple[str, ...], said: str) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("baselines lineer", "did you mean 'linear'?"),
        ("compression prone --ratio 0.5", "did you mean 'prune'?"),
        ("transformers_pt finetune --epochs", "parameter --epochs needs a value"),
        ("tf_tinybert export artifact", "give the folder of an artifact and one to make"),
        ("serving predict nowhere -i texts.csv -o labels.csv", "nowhere"),
    ],
)
def test_every_command_line_turns_errors_into_one_line_and_an_exit_code(
    arguments: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "texts.csv").write_text("text\ngood\n")
    command = [sys.executable, "-m", *arguments.split()]
    done = subprocess.run(command, env=bench_environment(tmp_path), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert message in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\ndatasets: [toy]\nruns: [{recipe: bayes}]\nseed: [0]\n", "unknown key 'seed': did you mean 'seeds'?"),
        ("name: x\ndatasets: [toy]\nruns: [{recipe: bayes, grids: {}}]\n", "did you mean 'grid'?"),
        ("name: x\ndatasets: [toy]\nruns: [{recipe: bayes, datasets: [imdb]}]\n", "not among its datasets"),
        ("name: x\ndatasets: [toy\n", "is no YAML"),
        ("- a\n", "must be a mapping"),
        ("name: x\ndatasets: [toy]\n", "'runs': Field required"),
    ],
)
def test_a_suite_with_a_mistake(bench: Bench, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    done = bench("run", "s.yaml")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
