"""Recipes over several data sets."""

from __future__ import annotations

import json

import pytest

from bench.board.across import Across, across
from bench.board.predictions import Predictions
from bench.report.page.behind import ranks
from bench.store import Store
from tests.report.synthetic import Model, boards_of, result
from tests.report.test_report_commands import call

SETS = ("emotions", "covid19-5", "imdb")
MODELS = (Model("lstm", accuracy=0.95), Model("linear", accuracy=0.85), Model("constant", accuracy=0.3))


@pytest.fixture
def three(store: Store) -> Store:
    """The same three recipes on three sets, `lstm` also in a variant that validation knows to be bad, and strangers."""
    for dataset in SETS:
        for model in (*MODELS, Model("lstm", "units=16", accuracy=0.5)):
            store.put(*result(model, 0, dataset))
    store.put(*result(Model("dnn"), 0, "emotions"))
    store.put(*result(Model("lstm"), 0, "sst2"))
    store.put(*result(Model("dnn"), 0, "toy", limit=10))
    return store


def compared(store: Store) -> Across:
    found = across(boards_of(store), Predictions(store, []))
    assert found is not None
    return found


def test_ranks_and_shares_are_of_what_all_share(three: Store) -> None:
    found = compared(three)
    assert found.recipes == ("lstm", "linear", "constant") and found.boards == tuple(sorted(SETS))
    assert found.ranks.ranks == (1, 2, 3) and found.ranks.p == pytest.approx(0.0498, abs=1e-4)
    assert found.ranks.critical_difference == pytest.approx(2.343 * (3 * 4 / 18) ** 0.5, abs=1e-3)
    assert found.shares["linear", "constant"] == (3, 3) and found.shares["constant", "lstm"] == (0, 3)
    assert found.shares["lstm", "linear"].not_worse == 3


def test_they_stand_on_the_screen_and_on_the_page(three: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "--store", str(three.root)) == 0
    output = capsys.readouterr().out
    assert "across 3 data sets: covid19-5, emotions, imdb" in output and "(Nemenyi)" in output
    (fold,) = ranks(compared(three))
    (table,) = fold["blocks"]
    assert "critical" not in fold["title"] and "(Nemenyi)" in fold["note"]
    assert [row[0] for row in table["rows"]] == ["lstm", "linear", "constant"]


def test_programs_read_them_beside_the_leaderboards(three: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "--store", str(three.root), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {board["dataset"] for board in found["boards"]} == {*SETS, "sst2", "toy"}
    assert [(each["recipe"], each["rank"]) for each in found["across"]["recipes"]] == [
        ("lstm", 1), ("linear", 2), ("constant", 3),
    ]  # fmt: skip
    assert found["across"]["datasets"] == sorted(SETS) and found["across"]["critical_difference"] > 1
    assert {"first": "linear", "second": "constant", "not_worse": 3, "boards": 3} in found["across"]["pairs"]
    assert call("compare", "--store", str(three.root), "-d", "imdb", "--json") == 0
    assert json.loads(capsys.readouterr().out)["across"] is None


def test_fewer_than_two_sets_have_no_ranks(store: Store) -> None:
    for model in MODELS:
        store.put(*result(model, 0, "emotions"))
    assert across(boards_of(store), Predictions(store, [])) is None and across([], Predictions(store, [])) is None
