from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.data import DatasetRef, dataset_names, load
from bench.data.manifest import entry
from bench.errors import DataError
from tests.conftest import ROOT
from tests.data.conftest import WriteSet

NAMES = [
    "covid19-3", "covid19-5", "emotions", "hutto-films", "hutto-newspaper", "hutto-products", "hutto-tweets", "imdb",
    "sentiment140", "sentiment140-100k", "sst2", "toy", "tsatc", "tweet-multilingual", "tweeteval-emotion",
    "tweeteval-sentiment", "tweeteval-sentiment-rebuilt",
]  # fmt: skip


def test_every_set_that_is_promised_has_a_valid_entry() -> None:
    assert dataset_names() == NAMES
    for name in NAMES:
        found = entry(name)
        assert found.licence and found.source and found.citation and len(found.label_names) >= 2
        assert {"negative", "positive"} <= set(found.polarity.values()), "what its labels say of sentiment"


def test_partial_rebuilt_and_synthetic_copies_say_so_and_what_supersedes_them() -> None:
    assert entry("tweeteval-sentiment-rebuilt").notes[0].startswith("rebuilt")
    assert entry("tweeteval-sentiment-rebuilt").superseded_by == "tweeteval-sentiment"
    assert entry("sentiment140-100k").notes[0].startswith("partial")
    assert entry("sentiment140-100k").superseded_by == "sentiment140"
    assert entry("sst2").notes[0].startswith("scored on dev")
    assert entry("toy").notes[0].startswith("synthetic")


def test_names_load_nothing_heavy() -> None:
    heavy = [
        "pandas",
        "pyarrow",
        "sklearn",
        "matplotlib",
        "seaborn",
        "scipy",
        "datasets",
        "kagglehub",
        "tensorflow",
        "torch",
    ]
    code = f"import sys; from bench.data import dataset_names; dataset_names(); print(set(sys.modules) & set({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_a_misspelt_name_gets_the_nearest_right_one() -> None:
    with pytest.raises(DataError, match=r"unknown data set 'emotoins': did you mean 'emotions'\?.*\.csv"):
        load(DatasetRef("emotoins"))


LINES = {"reader": "lines", "separator": ";"}


def test_an_unknown_field_is_an_error(write_set: WriteSet) -> None:
    name = write_set(LINES, {"train": (["a"], 1, {"x": 1})}, {"a": b"t;x\n"}, licences="typo")
    with pytest.raises(DataError, match=r"mini\.yaml.*licences.*[Ee]xtra"):
        entry(name)


def test_a_label_that_is_not_in_the_label_order_is_an_error(write_set: WriteSet) -> None:
    name = write_set(LINES, {"train": (["a"], 1, {"x": 1})}, {"a": b"t;x\n"}, label_names=["y"])
    with pytest.raises(DataError, match=r"labels not in label_names: \['x'\]"):
        entry(name)


def test_missing_files_are_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'tsatc': file tsatc/train_150k\.txt .*not found in .*data fetch tsatc"):
        load(DatasetRef("tsatc"))
    with pytest.raises(DataError, match=r"data folder .*nowhere does not exist; correct --data-dir"):
        load(DatasetRef("tsatc", data_dir=tmp_path / "nowhere"))


def test_what_is_prepared_does_not_depend_on_columns_for_slices() -> None:
    assert entry("covid19-5").context.place_column == "Location"
    assert '"context"' not in entry("covid19-5").model_dump_json()
