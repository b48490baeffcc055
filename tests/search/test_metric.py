"""What is chosen on validation is chosen by the data set's own metric: trials of a search, and epochs of a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data import DatasetRef
from bench.expand import suite_specs
from bench.run.suite import RunOptions
from bench.search.definition import SearchOptions, StudyDefinition, define
from bench.search.study import Metric
from bench.spec import Suite, SuiteDataset, SuiteRun


def mine(folder: Path, good: int) -> str:
    """A file of 200 texts, `good` of them good."""
    rows = "".join(f"thing {i} was {'lovely,good' if i < good else 'awful,bad'}\n" for i in range(200))
    (folder / "mine.csv").write_text("text,label\n" + rows)
    return str(folder / "mine.csv")


def study(tmp_path: Path, good: int, metric: Metric | None = None) -> StudyDefinition:
    """A search of `static` on 200 texts, `good` of them good."""
    options = SearchOptions(
        recipe="static", given={}, dataset=DatasetRef(mine(tmp_path, good)), run=RunOptions(tmp_path / "store"),
        metric=metric, trials=1, seed=0, seeds=(), refit=False, only=None, storage=None, study=None, minutes=None,
        measure="none", run_arguments=(),
    )  # fmt: skip
    (tmp_path / "work").mkdir()
    return define(options, tmp_path / "work")


@pytest.mark.parametrize(("good", "metric"), [(100, "accuracy"), (190, "macro_f1")])
def test_a_search_goes_by_the_metric_of_the_file(tmp_path: Path, good: int, metric: str) -> None:
    found = study(tmp_path, good)
    assert found.metric == found.parts["metric"] == found.params({})["monitor"] == metric


def test_what_is_given_wins(tmp_path: Path) -> None:
    found = study(tmp_path, 190, "log_loss")
    assert (found.metric, found.params({})["monitor"]) == ("log_loss", "macro_f1")


@pytest.mark.parametrize(
    ("dataset", "metric"),
    [("emotions", "accuracy"), ("tweeteval-emotion", "macro_f1"), ("tweeteval-sentiment", "macro_recall")],
)
@pytest.mark.parametrize("recipe", ["dnn", "lstm", "static", "finetune", "lora", "tinybert"])
def test_the_epoch_is_chosen_by_the_metric_of_the_set(recipe: str, dataset: str, metric: str) -> None:
    runs = [SuiteRun(recipe=recipe), SuiteRun(recipe=recipe, params={"monitor": "loss"})]
    suite = Suite(name="x", datasets=[SuiteDataset(name=dataset)], runs=runs)
    assert [spec.params["monitor"] for spec in suite_specs(suite)] == [metric, "loss"]


@pytest.mark.parametrize(("good", "metric"), [(100, "accuracy"), (190, "macro_f1")])
def test_the_epoch_is_chosen_by_the_metric_of_the_file(tmp_path: Path, good: int, metric: str) -> None:
    suite = Suite(name="x", datasets=[SuiteDataset(name=mine(tmp_path, good))], runs=[SuiteRun(recipe="static")])
    (spec,) = suite_specs(suite)
    assert spec.params["monitor"] == metric
