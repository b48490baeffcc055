"""`bench robustness`, from the command line to the report."""

from __future__ import annotations

import json
from pathlib import Path

from bench.store import Store
from tests.conftest import Bench


def test_a_run_is_tested_once_and_the_report_has_it(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    (run,) = Store(tmp_path / "store").run_ids()
    done = bench("robustness", run, "--texts", "40")
    assert done.returncode == 0, done.stderr
    assert "negation" in done.stdout and "upper case" in done.stdout
    (stored,) = (tmp_path / "store" / "robustness").glob("*.json")
    before = stored.stat().st_mtime_ns
    again = bench("robustness", "-d", "toy", "--json")
    document = json.loads(again.stdout)
    assert stored.stat().st_mtime_ns == before and document[0]["run_id"] == run
    assert all(0 <= b["failures"][kind]["value"] <= 1 for b in document[0]["behaviour"] for kind in b["failures"])
    assert bench("report", "--out", "out").returncode == 0
    assert f"## bayes ({run})" in (tmp_path / "out" / "robustness.md").read_text()
    assert json.loads((tmp_path / "out" / "robustness" / f"{run}.json").read_text()) == document[0]


def test_bad_input(bench: Bench, tmp_path: Path) -> None:
    assert "name runs" in bench("robustness").stderr
    (tmp_path / "mine.csv").write_text("text,label\n" + "".join(f"text {i},l{i % 2}\n" for i in range(60)))
    assert bench("run", "-r", "bayes", "-d", "mine.csv", "--measure", "none").returncode == 0
    (run,) = Store(tmp_path / "store").run_ids()
    assert "name no sentiment" in bench("robustness", run).stderr
    assert "did you mean" in bench("robustness", f"{run}x").stderr
