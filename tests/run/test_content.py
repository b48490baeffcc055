"""What is cached goes by its content: other test rows, altered data, another package are never taken for the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.expand import suite_specs
from bench.spec import Suite
from bench.store import Store
from tests.conftest import ROOT, Bench
from tests.data.test_prepare import swap_labels


def _write(path: Path, wrong: int) -> None:
    """A file with its own splits; the first `wrong` labels of test are the other one."""
    rows = [(f"{word} {i} day", label) for i in range(40) for word, label in (("good", "up"), ("bad", "down"))]
    splits = ["train"] * 40 + ["validation"] * 20 + ["test"] * 20
    lines = ["text,label,split"]
    for place, ((text, label), split) in enumerate(zip(rows, splits, strict=True)):
        told = {"up": "down", "down": "up"}[label] if 60 <= place < 60 + wrong else label
        lines.append(f"{text},{told},{split}")
    path.write_text("\n".join(lines) + "\n")


def _rows(tmp_path: Path) -> dict[str, dict[str, Any]]:
    return {result.run_id: result.model_dump(mode="json") for result in Store(tmp_path / "store").read_all()}


def test_other_test_rows_are_scored_anew_beside_the_old_ones_and_altered_data_never(
    bench: Bench, tmp_path: Path
) -> None:
    asked = ("run", "-r", "bayes", "-d", "mine.csv", "--measure", "none")
    _write(tmp_path / "mine.csv", wrong=10)
    assert bench(*asked).returncode == 0
    ((first, before),) = _rows(tmp_path).items()
    assert before["quality"]["accuracy"]["value"] == 0.5
    _write(tmp_path / "mine.csv", wrong=0)
    corrected = bench(*asked)
    assert corrected.returncode == 0 and f"{first} was scored on other test rows" in corrected.stdout
    rows = _rows(tmp_path)
    after = rows[next(run_id for run_id in rows if run_id != first)]
    assert rows[first] == before and after["quality"]["accuracy"]["value"] == 1.0
    assert after["identity"]["artifact"] == before["identity"]["artifact"]
    assert after["identity"]["evaluation_key"] != before["identity"]["evaluation_key"]
    for meta in (tmp_path / "store" / "prepared").glob("*/meta.json"):
        swap_labels(meta.parent, "test-labels.parquet")
    again = bench(*asked, "--seeds", "1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "test-labels.parquet is not as it was written; thrown away and made again" in again.stderr
    third = next(row for run_id, row in _rows(tmp_path).items() if run_id not in rows)
    assert third["quality"]["accuracy"]["value"] == 1.0
    assert third["data"]["split_hash"] == after["data"]["split_hash"] != before["data"]["split_hash"]
    assert "Everything is cached" in bench(*asked).stdout


def test_another_package_version_trains_anew_and_is_named(bench: Bench, tmp_path: Path) -> None:
    site, recipes = tmp_path / "site", tmp_path / "mine"
    recipes.mkdir()
    source = (ROOT / "tests" / "recipes" / "bayes.py").read_text()
    (recipes / "bayes.py").write_text(source.replace('("numpy",)', '("numpy", "smalldep")'))
    environment = {"SENTIBENCH_RECIPES": str(recipes), "PYTHONPATH": f"{ROOT}:{site}"}
    asked = ("run", "-r", "bayes", "-d", "toy", "--measure", "none")
    for version in ("1.0", "2.0"):
        (site / "smalldep.dist-info").mkdir(parents=True, exist_ok=True)
        (site / "smalldep.dist-info" / "METADATA").write_text(f"Name: smalldep\nVersion: {version}\n")
        done = bench(*asked, *(["--dry-run"] if version == "2.0" else []), **environment)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "train" in done.stdout and "package smalldep changed (1.0 → 2.0)" in done.stdout


def test_a_suite_lists_a_data_set_once() -> None:
    mine = [{"name": "toy", "label_column": column} for column in ("mood", "topic")]
    suite = Suite.model_validate(json.loads(json.dumps({"name": "mine", "datasets": mine, "runs": []})))
    with pytest.raises(BenchError, match="suite 'mine' lists the data set 'toy' twice"):
        suite_specs(suite)
