"""Trained on few labels: so many texts of each, no validation, a line and a curve of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.board.leaderboard import Board
from bench.contract import Split
from bench.data.few import few_labels
from bench.errors import DataError
from bench.report.figures.few_labels import few_labels as few_labels_figure
from bench.report.figures.style import write_png
from bench.report.page.few_labels import few_labels as drawn
from bench.schema import Result
from bench.store import Store
from tests.conftest import Bench
from tests.report.synthetic import boards_of

RUN = ("run", "-r", "bayes", "-d", "toy", "--measure", "none")


def split(n: int = 60) -> Split:
    return Split([f"r{i}" for i in range(n)], [f"text {i}" for i in range(n)], np.arange(n) % 3, ("a", "b", "c"))


def test_a_draw_is_even_seeded_and_nested() -> None:
    sixteen, eight = few_labels(split(), 16, 1), few_labels(split(), 8, 1)
    assert np.bincount(eight.labels).tolist() == [8, 8, 8] and set(eight.ids) < set(sixteen.ids)
    assert eight.ids != few_labels(split(), 8, 2).ids and eight.ids == few_labels(split(), 8, 1).ids
    assert [f"text {name[1:]}" for name in eight.ids] == eight.texts
    with pytest.raises(DataError, match="label 'a' has only 20 training texts, and 21 are asked of each"):
        few_labels(split(), 21, 0)


@pytest.fixture
def ran(bench: Bench, tmp_path: Path) -> list[Result]:
    few = ("--per-label", "4", "--per-label", "64")
    assert bench(*RUN, *few).returncode == 0
    assert bench(*RUN).returncode == 0
    again = bench(*RUN, *few)
    assert "2 of 2 from the store" in again.stdout
    return Store(tmp_path / "store").read_all()


def test_runs_are_lines_of_their_own_with_a_curve(ran: list[Result], tmp_path: Path) -> None:
    few = [result for result in ran if result.data.trained_on != "train"]
    assert {(r.data.trained_on, r.data.n_train, r.identity.variant) for r in few} == {
        ("4 a label", 12, "4 a label"),
        ("64 a label", 192, "64 a label"),
    }
    assert all(r.validation and r.validation.accuracy for r in few), "which nothing was chosen on"
    board: Board
    (board,) = boards_of(Store(tmp_path / "store"))
    assert {line.name for line in board.lines} == {"bayes", "bayes[4 a label]", "bayes[64 a label]"}
    scores = {line.name: line.score for line in board.ok_lines}
    (fold,) = drawn(board)
    curve, whole = fold["blocks"][0]["series"]
    assert curve["x"] == [4, 64] and curve["y"] == [scores["bayes[4 a label]"], scores["bayes[64 a label]"]]
    assert whole["y"] == [scores["bayes"]] * 2
    figure = few_labels_figure([board])
    assert figure is not None
    (one,) = figure.panels[0].drawn
    assert (one.name, list(one.numbers), list(one.score)) == ("bayes", curve["x"], curve["y"])
    assert one.whole == scores["bayes"]
    write_png(figure, tmp_path / "few.png")
    assert (tmp_path / "few.png").read_bytes().startswith(b"\x89PNG")


def test_too_few_is_a_row(bench: Bench, tmp_path: Path) -> None:
    assert bench(*RUN, "--per-label", "5000").returncode == 4
    (result,) = Store(tmp_path / "store").read_all()
    assert "training texts, and 5000 are asked of each" in (result.outcome.reason or "")


def test_a_suite_lists_numbers(bench: Bench, tmp_path: Path) -> None:
    suite = {"name": "few", "datasets": ["toy"], "runs": [{"recipe": "bayes", "per_label": [2, 4]}]}
    (tmp_path / "few.yaml").write_text(json.dumps(suite))
    told = bench("run", str(tmp_path / "few.yaml"), "--dry-run").stdout
    assert "bayes[2 a label]" in told and "bayes[4 a label]" in told
