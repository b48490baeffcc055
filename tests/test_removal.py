"""`bench rm`: what goes, what stays, and what is refused."""

from __future__ import annotations

from pathlib import Path

from bench.doctor import findings
from bench.store import Store
from tests.conftest import Bench


def test_failed_and_smoke_runs_go_and_all_else_stays(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert bench("run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    (kept,) = store.run_ids()
    bench("run", "-r", "bayes", "-d", "toy", "--smoke", "--measure", "none")
    bench("run", "-r", "broken", "-d", "toy", "--measure", "none")
    assert len(store.run_ids()) == 3
    done = bench("rm", "--failed", "--smoke", "--yes")
    assert done.returncode == 0 and "removed 2 run(s) and 1 artifact(s)" in done.stdout, done.stderr
    assert store.run_ids() == [kept] and len(list(store.artifacts.iterdir())) == 1
    assert findings(store) == []
    assert "nothing to remove" in bench("rm", "--failed").stdout
    assert "trained already" not in bench("run", "-r", "bayes", "-d", "toy", "--smoke", "--measure", "none").stdout


def test_a_run_that_another_was_made_of_stays(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert bench("run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    (parent,) = store.run_ids()
    assert bench("run", "-r", "trimmed", "--parent", parent, "--measure", "none").returncode == 0
    (child,) = set(store.run_ids()) - {parent}
    refused = bench("rm", parent, "--yes")
    assert refused.returncode == 2 and f"run {child} was made of {parent}" in refused.stderr
    assert bench("rm", child, "--yes").returncode == 0
    assert bench("rm", parent, "--yes").returncode == 0 and store.run_ids() == []
    assert list(store.artifacts.iterdir()) == list(store.keys.iterdir()) == []


def test_bad_input_and_no_answer_remove_nothing(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert bench("run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    (run,) = store.run_ids()
    assert "name runs" in bench("rm").stderr
    assert "did you mean" in bench("rm", f"{run}x", "--yes").stderr
    listed = bench("rm", run)
    assert listed.returncode == 1 and "give --yes" in listed.stdout
    assert store.run_ids() == [run]
