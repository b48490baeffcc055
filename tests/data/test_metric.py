"""The metric that each data set is judged by."""

from __future__ import annotations

import pytest
import yaml

from bench.data.manifest import SETS, dataset_names, entry, metric_of
from bench.errors import BenchError
from tests.data.conftest import WriteSet


def test_every_set_names_its_metric() -> None:
    named = {name: yaml.safe_load((SETS / f"{name}.yaml").read_text()).get("metric") for name in dataset_names()}
    assert None not in named.values() and {name: entry(name).metric for name in named} == named
    assert named["tweeteval-sentiment"] == named["tweeteval-sentiment-rebuilt"] == "macro_recall"
    assert metric_of("mine.csv") == "accuracy"


def test_a_metric_that_is_not_known_is_one_line(write_set: WriteSet) -> None:
    name = write_set(
        {"reader": "lines", "separator": ";"}, {"test": (["t"], 1, {"n": 1})}, {"t": b"a;n\n"}, metric="f1"
    )
    with pytest.raises(BenchError, match=r"manifest mini\.yaml: .*metric.*'macro_f1'"):
        metric_of(name)


def test_a_metric_changes_no_prepared_data() -> None:
    """It is no part of what the folder of a prepared set is named by."""
    assert "metric" not in entry("emotions").model_dump()
