"""`bench findings`: every model that was tried, the chosen ones marked, and no test score."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from bench.store import Store
from tests.conftest import Bench

SUITE = """
name: mine
datasets: [toy]
seeds: [0, 1]
measure: none
runs:
  - {id: parent, recipe: bayes, params: {alpha: 0.5}}
  - {recipe: trimmed, parent: parent}
"""


def test_what_was_tried_stands_beside_what_was_chosen(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SUITE)
    assert bench("run", "mine.yaml").returncode == 0
    assert bench("run", "-r", "bayes[alpha=30.0]", "-d", "toy", "--measure", "none").returncode == 0
    done = bench("findings", "--suite", "mine.yaml", "--out", "pages")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "pages" / "toy.md").read_text()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith(("| bayes", "| trimmed"))]
    assert {(row[0].strip("| ").partition("[")[0], row[1], row[-1].strip(" |")) for row in rows} == {
        ("bayes", "2", "✓"), ("bayes", "1", ""), ("trimmed ← bayes", "2", "✓"),
    }  # fmt: skip
    stored = [result for result in Store(tmp_path / "store").read_all() if result.validation]
    shy = [result for result in stored if result.identity.params.get("alpha") == 30.0]
    expected = {f"{result.validation.accuracy:.4f}" for result in shy if result.validation}
    assert expected == {row[2] for row in rows if row[1] == "1"}
    scores = re.findall(r"0\.\d{4}", page)
    assert len(scores) == 2 * 2 + 1, "means of validation and their spread, nothing of test"


def test_a_page_keeps_what_the_store_has_lost(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SUITE)
    assert bench("run", "mine.yaml").returncode == 0
    assert bench("run", "-r", "bayes[alpha=30.0,pause=0.01]", "-d", "toy", "--measure", "none").returncode == 0
    assert bench("findings", "--suite", "mine.yaml", "--out", "pages").returncode == 0
    page = tmp_path / "pages" / "toy.md"
    whole = page.read_text()
    lost = [result for result in Store(tmp_path / "store").read_all() if result.identity.params.get("alpha") == 30.0]
    second = [result for result in Store(tmp_path / "store").read_all() if result.run_id.startswith("trimmed-toy-s1")]
    for result in lost + second:
        shutil.rmtree(tmp_path / "store" / "results" / result.run_id)
    for _ in range(2):
        assert bench("findings", "--suite", "mine.yaml", "--out", "pages").returncode == 0
        assert page.read_text() == whole, "of a model without its runs, or with fewer seeds, the row stays"
    assert bench("run", "-r", "bayes[alpha=9.0]", "-d", "toy", "--measure", "none").returncode == 0
    assert bench("findings", "--suite", "mine.yaml", "--out", "pages").returncode == 0
    assert [line for line in page.read_text().splitlines() if "alpha=9.0" not in line] == whole.splitlines()
    swapped = whole.replace("alpha=30.0,pause=0.01", "pause=0.01,alpha=30.0")
    assert swapped != whole
    page.write_text(swapped)
    assert bench("findings", "--suite", "mine.yaml", "--out", "pages").returncode == 0
    assert page.read_text().count("alpha=30.0") == 1, "the order of parameters is no other model"
    page.write_text(whole + "\n## gone\n\n| gone | – | failed | | | |\n")
    assert bench("findings", "--suite", "mine.yaml", "--out", "pages").returncode == 0
    assert "| gone | – | failed |" in page.read_text(), "failures are rows, and stay as well"
    page.write_text(whole.replace("| accuracy |", "| macro f1 |"))
    assert bench("findings", "--suite", "mine.yaml", "--out", "pages").returncode == 0
    assert "alpha=30.0" not in page.read_text(), "a score by another metric is no row of this table"


def test_bad_input(bench: Bench) -> None:
    assert "no results" in bench("findings").stderr
    assert "unknown suite 'mien'" in bench("findings", "--suite", "mien").stderr
