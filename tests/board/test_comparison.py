"""`bench compare A B`."""

from __future__ import annotations

import json

import pytest

from bench.store import Store
from tests.report.synthetic import Model, result
from tests.report.test_report_commands import call

GOOD, BAD = Model("lstm", "units=256"), Model("dnn", "units=64")


@pytest.fixture
def two(store: Store) -> Store:
    for model, accuracy in ((GOOD, 0.9), (BAD, 0.6)):
        for seed in range(3):
            made, arrays = result(Model(model.recipe, model.variant, accuracy=accuracy), seed, "emotions", 300)
            store.put(made, arrays)
    return store


def test_the_better_one_second_is_better_and_first_is_worse(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "dnn", "lstm", "--store", str(two.root)) == 0
    output = capsys.readouterr().out
    assert "accuracy: the second is better" in output and "95 % interval" in output and "McNemar" in output
    assert call("compare", "lstm", "dnn", "--store", str(two.root)) == 1
    assert "accuracy: the second is worse" in capsys.readouterr().out


def test_json_and_names_by_parameters_or_run(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run_ids = [run_id for run_id in two.run_ids() if run_id.endswith("-s1")]
    assert call("compare", "lstm[units=256]", "dnn[units=64]", "--store", str(two.root), "--json") == 1
    (whole,) = json.loads(capsys.readouterr().out)
    assert whole["verdict"] == "worse" and len(whole["seeds"]) == 3 and whole["n_test"] == 300
    assert call("compare", *run_ids, "--store", str(two.root), "--json") in (0, 1)
    (single,) = json.loads(capsys.readouterr().out)
    assert [(seed["first"], seed["second"]) for seed in single["seeds"]] == [(1, 1)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lstm"], "name a second model"),
        (["lstm", "dn"], "did you mean 'dnn"),
        (["lstm[units=7]", "dnn"], "no scores of 'lstm[units=7]'"),
        (["lstm", "dnn", "--metric", "acuracy"], "did you mean 'accuracy'"),
    ],
)
def test_bad_questions_are_one_line(
    arguments: list[str], message: str, two: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("compare", *arguments, "--store", str(two.root)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_two_models_under_one_name_are_listed(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    two.put(*result(Model("lstm", "units=16"), 0, "emotions", 300))
    assert call("compare", "lstm", "dnn", "--store", str(two.root)) == 2
    assert "several models on emotions" in capsys.readouterr().err
    two.put(*result(Model("lstm"), 0, "imdb", 300))
    assert call("compare", "lstm", "lstm", "-d", "imdb", "--store", str(two.root)) == 0


def test_a_name_may_be_several_models_where_the_other_one_is_not(
    two: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for variant in ("units=16", "units=32"):
        two.put(*result(Model("lstm", variant), 0, "imdb", 300))
    assert call("compare", "dnn", "lstm", "--store", str(two.root)) == 0
    assert "emotions" in capsys.readouterr().out
