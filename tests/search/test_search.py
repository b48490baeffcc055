"""A search as a user calls it: trials, pruning, failures, the best with fresh seeds, its refit, the report."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bench.data import DatasetRef, prepare
from bench.registry import load_recipe
from bench.run.job import PredictJob, TrainJob, ValidateJob
from bench.run.launcher import launch
from bench.search.screen import best_table
from bench.search.summary import disagreements
from bench.store import Store
from tests.conftest import RECIPES, Bench, bench_environment
from tests.report.page_data import as_text
from tests.search.conftest import QUIET, finish, start, summary_of


def test_as_many_trials_end_as_were_asked_for(searched: Path) -> None:
    summary = summary_of(searched, "seven")
    assert [trial.number for trial in summary.trials] == list(range(1, 8))
    assert summary.count("complete") + summary.count("pruned") == 7
    assert summary.killed == 0
    assert disagreements(summary) == []
    assert summary.space == {"level": {"choice": ["good", "bad"]}, "rate": {"log_uniform": [1e-5, 1e-1]}}


def test_the_first_trial_is_the_recipe_as_it_comes(searched: Path) -> None:
    first = summary_of(searched, "seven").trials[0]
    assert first.params == {"level": "good", "rate": 1e-3}


def test_hopeless_trials_are_pruned_and_no_other(searched: Path) -> None:
    trials = summary_of(searched, "seven").trials
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        assert trial.params["level"] == "bad"
        assert trial.number > 5, "five trials are complete before a median judges"
        assert trial.epochs == 2 and trial.value is None and list(trial.intermediate) == ["1", "2"]
    assert all(trial.epochs == 4 for trial in trials if trial.state == "complete")


def test_a_narrow_screen_cuts_no_number_of_a_trial(searched: Path) -> None:
    summary = summary_of(searched, "seven")
    console = Console(width=60, file=io.StringIO())
    console.print(best_table(summary))
    shown = console.file.getvalue().split()
    for trial in summary.finished:
        assert str(trial.number) in shown and f"rate={trial.params['rate']:.3g}" in shown, shown


def test_the_value_is_the_harness_score_on_validation(searched: Path) -> None:
    best = summary_of(searched, "seven").best_trial
    assert best is not None and best.value == best.validation["accuracy"]
    rerun = next(r for r in Store(searched / "store").read_all() if r.data.trained_on == "train")
    assert rerun.validation is not None
    assert best.value == pytest.approx(rerun.validation.accuracy), "this recipe has no randomness"


def test_the_best_is_run_with_fresh_seeds_as_ordinary_rows(searched: Path) -> None:
    reruns = [r for r in Store(searched / "store").read_all() if r.data.trained_on == "train"]
    best = summary_of(searched, "seven").best_trial
    assert best is not None
    assert sorted(rerun.identity.seed for rerun in reruns) == [1]
    for rerun in reruns:
        assert rerun.outcome.status == "ok"
        assert rerun.identity.suite == "search:seven"
        assert rerun.identity.params.items() >= best.params.items()


def test_the_command_for_the_best_is_what_has_been_run(searched: Path) -> None:
    command = summary_of(searched, "seven").command
    assert command is not None and command.startswith("python -m bench run ")
    words = shlex.split(command)[3:]
    assert "Everything is cached" in finish(start(searched, *words, "--measure", "none"))


def test_a_refit_trains_on_all_rows_for_the_epochs_that_validation_chose(searched: Path) -> None:
    store = Store(searched / "store")
    usual = next(r for r in store.read_all() if r.data.trained_on == "train")
    refits = [r for r in store.read_all() if r.data.refit]
    assert sorted(refit.identity.seed for refit in refits) == [1]
    for refit in refits:
        identity, data = refit.identity, refit.data
        assert identity.params["epochs"] == 3 and "refit" in identity.variant.split(",")
        assert "trained on train and validation together, 3 epochs" in data.notes
        assert usual.data.n_train and usual.data.n_validation
        assert data.n_train == usual.data.n_train + usual.data.n_validation
        assert refit.validation is None and refit.quality is not None
        assert identity.key_parts["data"] != usual.identity.key_parts["data"]
        model = json.loads((store.artifacts / str(identity.artifact) / "model.json").read_text())
        assert (model["trained_on"], model["epochs"]) == (data.n_train, 3)
        assert set(store.arrays(refit.run_id, "predictions")) == {"ids", "labels", "probabilities"}


def test_every_command_bears_rows_without_validation(searched: Path, tmp_path: Path) -> None:
    assert "all numbers agree in 2 runs" in finish(start(searched, "verify"))
    shown = finish(start(searched, "compare"))
    assert "refit" in shown and "have no validation scores" in shown
    assert "refit" in finish(start(searched, "export", "--format", "csv"))


def test_the_report_shows_the_study_and_carries_its_numbers(searched: Path, tmp_path: Path) -> None:
    """Optuna is not there to help: the page is made of the summary alone."""
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "optuna.py").write_text("raise ModuleNotFoundError('no', name='optuna')\n")
    out = tmp_path / "report"
    code = (
        f"import sys; sys.path.insert(0, {str(fake)!r}); from bench.cli import main\n"
        f"main(['report', '--store', {str(searched / 'store')!r}, '--out', {str(out)!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=bench_environment(searched), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    page = as_text(out)
    for text in ("Search: epochal on toy", "7 of 7 trials ended", "Trials, the best first", "best so far"):
        assert text in page, text
    published = out / "searches" / "seven.json"
    assert published.read_bytes() == (searched / "store" / "searches" / "seven.json").read_bytes()


def test_the_test_split_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    prepared = prepare(DatasetRef("toy"), tmp_path / "prepared", limit=90)
    for path in prepared.folder.glob("test-*.parquet"):
        path.write_bytes(b"\0" * path.stat().st_size)
    artifact, params = tmp_path / "artifact", dict(load_recipe("epochal").defaults)
    train = TrainJob(recipe="epochal", params=params, seed=0, prepared=prepared.folder, artifact=artifact)
    validate = ValidateJob(artifact=artifact, prepared=prepared.folder)
    for job in (train, validate):  # the phases of a trial
        done = launch(job, tmp_path / job.phase, 300)
        assert done.status == "ok", done
    ended = launch(PredictJob(artifact=artifact, prepared=prepared.folder), tmp_path / "predict", 300)
    assert "test-texts.parquet is not as it was written" in str(ended.reason)


def test_fixed_parameters_are_not_searched(bench: Bench, tmp_path: Path) -> None:
    arguments = ("-d", "toy", "--trials", "2", "--metric", "log_loss", "--smoke", *QUIET)
    assert bench("search", "epochal[level=bad]", *arguments, "--study", "fixed").returncode == 0
    summary = summary_of(tmp_path, "fixed")
    assert list(summary.space) == ["rate"] and summary.fixed["level"] == "bad"
    assert summary.direction == "minimize" and summary.limit == 300
    best = summary.best_trial
    assert best is not None and best.value == best.validation["log_loss"]


@pytest.mark.slow
def test_a_real_recipe(bench: Bench, tmp_path: Path) -> None:
    recipe, only = "linear[max_features=4000]", ("--only", "C,classifier")
    done = bench("search", recipe, "-d", "toy", "--smoke", *only, "--trials", "1", *QUIET)
    assert done.returncode == 0, done.stderr
    best = re.search(r"the best: python -m bench run -r '(linear\[.*)--smoke", done.stdout)
    assert best and "char_ngrams=none" in best[1] and "max_features=4000" in best[1]
