"""Texts of several labels: a separator or a list column, split so that every part has every label."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.data import Dataset, DatasetRef, Reading, load, prepare
from bench.data.describe import describe
from bench.data.label_sets import label_keys, rarest_labels
from bench.data.manifest import is_multi_label, metric_of
from bench.errors import DataError

Rows = list[tuple[str, list[str]]]
NAMES = ("anger", "fear", "joy", "sadness")


def tweets(n: int = 240) -> Rows:
    drawn = random.Random(3)
    return [(f"text {i}", sorted(drawn.sample(NAMES, drawn.choice([0, 1, 1, 2, 3])))) for i in range(n)]


def write_csv(path: Path, rows: Rows, mark: str = "|") -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *((text, mark.join(labels)) for text, labels in rows)])
    return path


def read(path: Path, **options: object) -> Dataset:
    return load(DatasetRef(str(path), Reading.model_validate(options)))


def by_text(dataset: Dataset) -> dict[str, list[str]]:
    parts = (dataset.train, dataset.validation, dataset.test)
    return {
        text: [NAMES[i] for i in np.flatnonzero(labels)]
        for part in parts
        for text, labels in zip(part.texts, part.labels, strict=True)
    }


def test_a_separator_and_a_list_column_are_read_alike(tmp_path: Path) -> None:
    rows = tweets()
    mine = read(write_csv(tmp_path / "mine.csv", rows, " | "), label_separator="|")
    assert mine.train.multi_label and mine.facts.label_names == NAMES and by_text(mine) == dict(rows)
    (tmp_path / "mine.json").write_text(json.dumps([{"text": text, "label": labels} for text, labels in rows]))
    table = pa.table({"text": [text for text, _ in rows], "label": [labels for _, labels in rows]})
    pq.write_table(table, tmp_path / "mine.parquet")
    for name in ("mine.json", "mine.parquet"):
        assert by_text(read(tmp_path / name)) == dict(rows)
    assert is_multi_label(mine.facts.notes) and metric_of("mine.csv", mine.facts.notes) == "macro_f1"


def test_a_list_as_python_prints_it_is_read(tmp_path: Path) -> None:
    rows = tweets()
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *rows])
    assert by_text(read(path, label_separator=",")) == dict(rows)


def test_numbers_in_a_list_get_their_names(tmp_path: Path) -> None:
    rows = tweets()
    lists = [[NAMES.index(label) for label in labels] for _, labels in rows]
    feature = {"feature": {"names": list(NAMES), "_type": "ClassLabel"}, "_type": "Sequence"}
    metadata = {"huggingface": json.dumps({"info": {"features": {"label": feature}}})}
    table = pa.table({"text": [text for text, _ in rows], "label": lists}).replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "mine.parquet")
    assert by_text(read(tmp_path / "mine.parquet")) == dict(rows)


def test_every_part_has_every_label_and_no_text_crosses(tmp_path: Path) -> None:
    rows = [*tweets(), ("rare one", ["rare"]), ("rare two", ["joy", "rare"]), ("rare three", ["rare"])]
    rows += [(text.upper(), labels) for text, labels in rows[:60]]
    found = read(write_csv(tmp_path / "mine.csv", rows), label_separator="|")
    for part in (found.train, found.validation, found.test):
        assert part.labels.any(axis=0).all() and (part.labels.sum(axis=1) == 0).any()
    assert not {text.lower() for text in found.train.texts} & {text.lower() for text in found.test.texts}
    assert 0.06 < len(found.test) / len(rows) < 0.15


def test_prepared_data_keep_all_labels(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "mine.csv", tweets())
    ref = DatasetRef(str(path), Reading(label_separator="|"))
    prepared = prepare(ref, tmp_path / "prepared")
    train, validation = prepared.training()
    whole = load(ref)
    assert train.labels.dtype == np.int64
    for one, other in ((train, whole.train), (validation, whole.validation), (prepared.test(), whole.test)):
        assert np.array_equal(one.labels, other.labels)
    assert len(prepare(ref, tmp_path / "prepared", limit=20).train()) == 20


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    rows = [*tweets(), ("odd one", ["joy", "odd"]), ("odder", ["odd"])]
    path = write_csv(tmp_path / "mine.csv", rows)
    with pytest.raises(DataError, match=r"fewer than 3 distinct texts: 'odd' \(2\).*--min-count 3"):
        read(path, label_separator="|")
    left = read(path, label_separator="|", min_count=3)
    assert "odd one" in by_text(left) and "odder" not in by_text(left)
    with pytest.raises(DataError, match=r"look like several with '\|' between them: --label-separator '\|'"):
        read(path)
    with pytest.raises(DataError, match="--order is for texts of one label"):
        read(path, label_separator="|", min_count=3, order="anger,fear,joy,sadness")
    (tmp_path / "mixed.jsonl").write_text('{"text": "a", "label": ["joy"]}\n{"text": "b", "label": "joy"}\n')
    with pytest.raises(DataError, match="row 2: column 'label' holds lists in some rows"):
        read(tmp_path / "mixed.jsonl")
    (tmp_path / "null.jsonl").write_text('{"text": "a", "label": ["joy"]}\n{"text": "b", "label": null}\n')
    with pytest.raises(DataError, match="row 2: no label in column 'label'"):
        read(tmp_path / "null.jsonl")


def test_a_description_counts_each_label_and_sets_that_differ(tmp_path: Path) -> None:
    rows = [*tweets(), ("twice", ["joy"]), ("twice", ["fear", "joy"])]
    found = describe(DatasetRef(str(write_csv(tmp_path / "mine.csv", rows)), Reading(label_separator="|")))
    (split,) = found.splits
    assert split.labels["joy"] == sum("joy" in labels for _, labels in rows) and split.conflicting_texts == 1


def test_numbers_of_sets_of_labels() -> None:
    labels = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0], [1, 0, 1]])
    keys = label_keys(labels)
    assert keys[0] == keys[3] and len(set(keys.tolist())) == 3
    assert rarest_labels(labels).tolist() == [2, 3, 1, 2]
    assert rarest_labels(np.array([2, 0])).tolist() == label_keys(np.array([2, 0])).tolist() == [2, 0]
