from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from bench.data import DatasetRef
from bench.data.describe import Description, describe
from bench.data.draw import draw_description
from bench.errors import DataError, StoreError
from tests.conftest import Bench
from tests.data.conftest import WriteCsv, reviews


@pytest.fixture
def described(write_csv: WriteCsv) -> Description:
    """100 rows by split, with known duplicates, conflicts and leaks."""
    rows = [(*row, "test" if i >= 70 else "train") for i, row in enumerate(reviews(100))]
    rows += [
        ("Exact copy", "good", "train"),
        ("Exact copy", "good", "train"),
        ("exact COPY!", "bad", "train"),
        ("Exact copy", "so-so", "test"),
        ("review number 0 is here", "good", "test"),
        ("review, number 1, is here", "bad", "test"),
    ]
    return describe(DatasetRef(str(write_csv(rows, header=("text", "label", "split")))))


def test_counts_duplicates_conflicts_and_leaks(described: Description) -> None:
    train, test = described.splits
    assert (train.name, train.rows, test.rows) == ("train", 73, 33)
    assert train.labels == {"bad": 24, "good": 26, "so-so": 23}
    assert (train.duplicate_rows, train.duplicate_rows_normalized) == (1, 2)
    assert (train.conflicting_texts, train.conflicting_texts_normalized) == (0, 1)
    assert (test.duplicate_rows, test.conflicting_texts_normalized) == (0, 0)
    (leak,) = described.leaks
    assert (leak.earlier, leak.later) == ("train", "test")
    assert (leak.exact, leak.normalized, leak.normalized_other_label) == (2, 3, 1)
    # The copies and the two reviews leave train; what is left is split in two.
    assert described.counts["train_rows_dropped_in_test"] == 5
    assert described.used["train"] + described.used["validation"] == 68


def test_lengths(described: Description) -> None:
    train = described.splits[0].lengths
    assert train.characters[0] == len("Exact copy") and train.characters[-1] == len("review number 69 is here")
    assert train.words[3] == 5
    assert sum(train.histogram) == 73


def test_it_survives_json(described: Description) -> None:
    assert Description.model_validate_json(described.model_dump_json()) == described


def test_it_is_drawn(described: Description, tmp_path: Path) -> None:
    path = draw_description(described, tmp_path / "new" / "picture.png")
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content.startswith(b"\x89PNG") and width > 1500 and height > 400
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*choose another --out"):
        draw_description(described, tmp_path / "file" / "picture.png")


def test_the_command_prints_and_draws(bench: Bench, tmp_path: Path) -> None:
    done = bench("data", "describe", "toy", "--out", "pictures")
    assert done.returncode == 0, done.stderr
    for words in ("synthetic", "2,400", "negative", "extra copies", "test texts that also stand in train: 0 exact"):
        assert words in done.stdout
    assert (tmp_path / "pictures" / "toy.png").stat().st_size > 10_000
    done = bench("data", "describe", "toy", "--json")
    assert json.loads(done.stdout)["used"] == {"train": 2400, "validation": 400, "test": 800}


def test_errors_are_one_line(bench: Bench) -> None:
    done = bench("data", "describe", "toyy")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "unknown data set 'toyy': did you mean 'toy'?" in done.stderr
    done = bench("data", "describe", "absent.csv")
    assert done.returncode == 2 and "no file absent.csv" in done.stderr


def test_an_unreadable_set_raises(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        describe(DatasetRef(str(tmp_path / "absent.csv")))
