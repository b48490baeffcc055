"""`bench compare A B`."""

from __future__ import annotations

import json

import numpy as np
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
    assert "accuracy: the second is better (p " in output and "95 % interval" in output
    assert "3 and 3 seeds, independent of each other; the interval is over texts and seeds" in output
    assert call("compare", "lstm", "dnn", "--store", str(two.root)) == 1
    assert "accuracy: the second is worse" in capsys.readouterr().out


def test_json_and_names_by_parameters_or_run(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run_ids = [run_id for run_id in two.run_ids() if run_id.endswith("-s1")]
    assert call("compare", "lstm[units=256]", "dnn[units=64]", "--store", str(two.root), "--json") == 1
    (whole,) = json.loads(capsys.readouterr().out)
    assert whole["verdict"] == "worse" and whole["n_test"] == 300 and whole["p_mcnemar"] is None
    assert whole["seeds"] == {"first": [0, 1, 2], "second": [0, 1, 2], "matched": False, "spread": "own"}
    assert call("compare", *run_ids, "--store", str(two.root), "--json") in (0, 1)
    (single,) = json.loads(capsys.readouterr().out)
    assert single["seeds"] == {"first": [1], "second": [1], "matched": False, "spread": "none"}
    assert single["p"] == single["p_mcnemar"] and single["corrections"] == int(single["corrections"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lstm"], "name a second model"),
        (["lstm", "dn"], "did you mean 'dnn"),
        (["lstm[units=7]", "dnn"], "no scores of 'lstm[units=7]'"),
        (["lstm", "dnn", "--metric", "acuracy"], "did you mean 'accuracy'"),
        (["lstm", "dnn", "--margin", "2"], "above 0 and below 1"),
    ],
)
def test_bad_questions_are_one_line(
    arguments: list[str], message: str, two: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("compare", *arguments, "--store", str(two.root)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_what_is_read_can_be_typed(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    two.put(*result(Model("lstm", "units=16"), 0, "emotions", 300))
    assert call("compare", "LSTM · units 256", "DNN", "--store", str(two.root)) == 1
    assert "first   LSTM · units 256\n  second  DNN" in capsys.readouterr().out


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


def test_every_seed_counts_where_one_model_has_fewer(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """An ensemble has one seed, its members three: the first of them alone is not what it is compared with."""
    labels = np.arange(1000) % 6
    right = {"lstm": (900, 840, 840), "dnn": (850,)}
    for name, counts in right.items():
        for seed, count in enumerate(counts):
            predicted = np.where(np.arange(1000) < count, labels, (labels + 1) % 6)
            made, arrays = result(Model(name), seed, "emotions", 1000)
            store.put(made, arrays | {"labels": labels, "probabilities": np.eye(6, dtype=np.float32)[predicted]})
    assert call("compare", "lstm", "dnn", "--store", str(store.root), "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["seeds"]["first"] == [0, 1, 2] and found["seeds"]["second"] == [0]
    assert found["scores"]["first"]["accuracy"] == pytest.approx(0.86)
    assert found["difference"]["accuracy"]["value"] == pytest.approx(-0.01) and found["verdict"] == "equal"


def test_a_lone_seed_borrows_the_spread_of_its_recipe(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    two.put(*result(Model("lstm", "units=16", accuracy=0.9), 0, "emotions", 300))
    call("compare", "dnn", "lstm[units=16]", "--store", str(two.root))
    assert "the spread of a single seed taken from other models here" in capsys.readouterr().out


def test_several_are_corrected_together_and_may_be_the_same(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        made, arrays = result(Model("lstm", "units=256", accuracy=0.9), seed, "emotions", 300)
        two.put(made.model_copy(update={"run_id": f"copy-{seed}", "identity": made.identity.model_copy(
            update={"recipe": "copy", "variant": "", "params": {}})}), arrays)  # fmt: skip
    arguments = ("lstm", "copy", "dnn", "--store", str(two.root), "--margin", "0.1", "--json")
    assert call("compare", *arguments) == 1
    copy, dnn = json.loads(capsys.readouterr().out)
    assert copy["verdict"] == "equal" and copy["equivalence"]["equivalent"] and copy["equivalence"]["margin"] == 0.1
    assert dnn["verdict"] == "worse" and dnn["p_corrected"] == pytest.approx(2 * dnn["p"])
    assert not dnn["equivalence"]["equivalent"]


def test_predictions_of_other_texts_are_no_comparison(two: Store, capsys: pytest.CaptureFixture[str]) -> None:
    made, arrays = result(Model("lost"), 0, "emotions", 300)
    two.put(made, arrays | {"ids": np.array([f"other-{i}" for i in range(300)])})
    assert call("compare", "lstm", "lost", "--store", str(two.root)) == 2
    assert "lost: no stored predictions of the test texts of emotions" in capsys.readouterr().err
