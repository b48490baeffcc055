"""What is wrong with the rows of a user's file is told at once, with counts and an option for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data import Dataset, DatasetRef, Reading, load
from bench.data.duplicates import with_marks
from bench.data.manifest import is_ordinal
from bench.errors import DataError
from tests.data.conftest import WriteCsv, reviews

VARIANTS = ["negative", "Negative", " negative ", "POSITIVE", "positive"]


def read(path: Path, **options: object) -> Dataset:
    return load(DatasetRef(str(path), Reading.model_validate(options)))


def texts(dataset: Dataset) -> int:
    return len(dataset.train) + len(dataset.validation) + len(dataset.test)


def test_all_is_told_together(write_csv: WriteCsv) -> None:
    rows = [*reviews(), ("", "good"), ("   ", "bad"), ("no label", ""), ("odd one", "odd"), ("more", "Good")]
    with pytest.raises(DataError) as error:
        read(write_csv(rows))
    told = str(error.value)
    assert "row 61, 62: no text in column 'text'" in told and "row 63: no label in column 'label'" in told
    assert "'good' (20), 'Good' (1)" in told and "'odd' (1)" in told and "\n" not in told
    assert all(option in told for option in ("--drop-missing", "--merge-labels", "--min-count 3"))
    dataset = read(write_csv(rows), drop_missing=True, merge_labels=True, min_count=3)
    assert texts(dataset) == 61 and dataset.facts.label_names == ("bad", "good", "so-so")
    assert dataset.counts["rows_left_out_by_label"] == 1
    assert dataset.facts.notes == (
        "rows left out: 2 without a text, 1 without a label",
        "2 spellings of labels merged: good",
        "rows left out: 1 of 1 label(s) with fewer than 3 distinct texts",
    )


def test_spellings_of_a_label_are_never_two_labels(write_csv: WriteCsv) -> None:
    rows = [(text, VARIANTS[i % 5]) for i, (text, _) in enumerate(reviews())]
    with pytest.raises(DataError, match=r"differ by case, blanks.*'Negative' \(12\).*--merge-labels"):
        read(write_csv(rows))
    assert read(write_csv(rows), merge_labels=True).facts.label_names == ("Negative", "POSITIVE")


def test_numbers_with_and_without_a_point_are_one_label(write_csv: WriteCsv) -> None:
    rows = [(text, ("0", "0.0", "1", "1.0")[i % 4]) for i, (text, _) in enumerate(reviews())]
    with pytest.raises(DataError, match=r"'0' \(15\), '0\.0' \(15\)"):
        read(write_csv(rows))
    assert read(write_csv(rows), merge_labels=True).facts.label_names == ("0", "1")


def test_hundreds_of_rare_labels_are_one_error(write_csv: WriteCsv) -> None:
    rows = [*reviews(), *((f"rare {i}", f"label {i}") for i in range(208))]
    with pytest.raises(DataError, match=r"fewer than 3 distinct texts: 'label 0' \(1\).* and 200 more .*--min-count 3"):
        read(write_csv(rows))
    assert texts(read(write_csv(rows), min_count=3)) == 60


def with_splits(*words: str) -> list[tuple[str, str, str]]:
    """Six parts of train to one of each other word."""
    plan = (words[0],) * 6 + words[1:]
    return [(text, label, plan[i // 3 % len(plan)]) for i, (text, label) in enumerate(reviews(120))]


HEADER = ("text", "label", "split")


@pytest.mark.parametrize(
    "words",
    [("train", "val", "test"), ("train", "valid", "test"), ("train", "dev", "test"), ("Train", "Validation", "Test")],
)
def test_the_usual_words_for_splits_are_understood(words: tuple[str, ...], write_csv: WriteCsv) -> None:
    dataset = read(write_csv(with_splits(*words), header=HEADER))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (90, 15, 15)
    assert dataset.validation_source == "published"


def test_numbers_of_folds_are_explained(write_csv: WriteCsv) -> None:
    path = write_csv(with_splits("0", "1", "2"), header=HEADER)
    with pytest.raises(DataError, match=r"holds numbers, 0, 1, 2: folds, it seems.*--split-column none"):
        read(path)
    assert texts(read(path, split_column="none")) == 120


def test_a_row_without_a_split_is_told(write_csv: WriteCsv) -> None:
    path = write_csv([*with_splits("train", "test"), ("lost", "good", "")], header=HEADER)
    with pytest.raises(DataError, match=r"row 121: no split in column 'split' .*--drop-missing"):
        read(path)
    assert texts(read(path, drop_missing=True)) == 120


def test_a_label_that_train_lacks_is_told(write_csv: WriteCsv) -> None:
    path = write_csv([*with_splits("train", "test"), ("new", "unseen", "test")], header=HEADER)
    with pytest.raises(DataError, match=r"train lacks labels that other splits have: 'unseen' \(1\) .*--min-count 1"):
        read(path)
    assert texts(read(path, min_count=1)) == 120


def test_splits_may_be_files(write_csv: WriteCsv) -> None:
    rows = reviews(120)
    paths = [
        write_csv(rows[a:b], name=name) for a, b, name in ((0, 90, "a.csv"), (90, 105, "t.csv"), (105, 120, "v.csv"))
    ]
    dataset = read(paths[0], test_file=paths[1], validation_file=paths[2])
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (90, 15, 15)
    assert (dataset.train.ids[0], dataset.test.ids[0], dataset.facts.name) == ("train-00000", "test-00000", "a.csv")
    carved = read(paths[0], test_file=paths[1])
    assert len(carved.test) == 15 and carved.validation_source == "carved"
    assert carved.facts.revision != dataset.facts.revision != read(paths[0]).facts.revision
    with pytest.raises(DataError, match=r"--validation-file .* without --test-file"):
        read(paths[0], validation_file=paths[2])


def test_a_file_of_bad_rows_alone_is_an_error(write_csv: WriteCsv) -> None:
    path = write_csv([("", "good")] * 5)
    with pytest.raises(DataError, match="no row with a text and a label is left"):
        read(path, drop_missing=True)


def test_a_column_that_is_not_there_is_an_error(write_csv: WriteCsv) -> None:
    with pytest.raises(DataError, match="no column 'part'"):
        read(write_csv(reviews()), split_column="part")


def test_texts_that_differ_in_a_vowel_sign_are_two(write_csv: WriteCsv) -> None:
    rows = [
        (f"{text} {i}", ("yes", "no")[j]) for i in range(10) for j, text in enumerate(("दिन अच्छा था", "दान अच्छा था"))
    ]
    dataset = read(write_csv(rows))
    assert texts(dataset) == 20 and dataset.counts["train_conflicting_texts"] == 0
    assert with_marks("Café ❤️ #ok_1 cafe\u0301") == "café #ok 1 cafe\u0301" and with_marks("❤️") == "❤️"


def test_labels_are_ordered_as_was_declared(write_csv: WriteCsv) -> None:
    path = write_csv([*reviews(), ("odd one", "odd")])
    dataset = read(path, order="bad, So-So,good", min_count=3)
    assert dataset.facts.label_names == ("bad", "so-so", "good")
    assert dataset.facts.notes[-1] == "labels are steps of one scale: bad < so-so < good"
    assert is_ordinal(path.name, dataset.facts.notes) and not is_ordinal(path.name, ["labels"])
    by_name = read(path, min_count=3)
    names = by_name.facts.label_names
    assert names == ("bad", "good", "so-so") and by_name.train.texts == dataset.train.texts
    ordered = [dataset.facts.label_names[label] for label in dataset.train.labels]
    assert ordered == [names[label] for label in by_name.train.labels]


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("bad,so-so", "lacks 'good'; name every label"),
        ("bad,so-so,god", "no row has the label 'god': did you mean 'good'?"),
        ("bad,so-so,good,Bad", "'bad' is named twice"),
    ],
)
def test_an_order_that_does_not_fit_is_one_line(write_csv: WriteCsv, order: str, told: str) -> None:
    with pytest.raises(DataError) as error:
        read(write_csv(reviews()), order=order)
    assert told in str(error.value) and "\n" not in str(error.value)
