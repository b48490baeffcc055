"""The user's own file: formats, splits, and everything that can be wrong with it."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.data import Dataset, DatasetRef, Reading, load
from bench.data.duplicates import normalized
from bench.errors import DataError
from tests.data.conftest import WriteCsv, reviews


def frame() -> pd.DataFrame:
    return pd.DataFrame(reviews(), columns=["text", "label"])


def write(kind: str, path: Path) -> Path:
    path = path / f"mine.{kind}"
    data = frame()
    match kind:
        case "csv":
            data.to_csv(path, index=False)
        case "tsv":
            data.to_csv(path, index=False, sep="\t")
        case "jsonl":
            data.to_json(path, orient="records", lines=True)
        case "parquet":
            data.to_parquet(path)
        case "csv.xz":
            path.write_bytes(lzma.compress(data.to_csv(index=False).encode()))
    return path


def rows(dataset: Dataset) -> list[tuple[str, str, str]]:
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return sorted((i, x, name) for name, s in splits.items() for i, x in zip(s.ids, s.texts, strict=True))


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "csv.xz"])
def test_every_format_gives_the_same_rows_in_the_same_splits(kind: str, tmp_path: Path) -> None:
    dataset = load(DatasetRef(str(write(kind, tmp_path))))
    assert rows(dataset) == rows(load(DatasetRef(str(write("csv", tmp_path)))))
    assert dataset.facts.name == f"mine.{kind}"
    assert dataset.facts.label_names == ("bad", "good", "so-so")
    assert len(dataset.facts.revision) == 16
    assert dataset.validation_source == "carved"
    assert {i for i, _, _ in rows(dataset)} == {f"row-{i:05d}" for i in range(60)}


def test_splits_are_stratified_and_80_10_10(write_csv: WriteCsv) -> None:
    dataset = load(DatasetRef(str(write_csv(reviews(600)))))
    for split, n in ((dataset.train, 160), (dataset.validation, 20), (dataset.test, 20)):
        assert np.bincount(split.labels).tolist() == [n, n, n]


def test_a_text_written_twice_stays_in_one_split(write_csv: WriteCsv) -> None:
    twice = [(f"Review NUMBER {i} is, here! https://t.co/x{i}", label) for i, (_, label) in enumerate(reviews(90))]
    dataset = load(DatasetRef(str(write_csv([*reviews(90), *twice]))))
    forms = [{normalized(text) for text in s.texts} for s in (dataset.train, dataset.validation, dataset.test)]
    assert not forms[0] & forms[1] and not forms[0] & forms[2] and not forms[1] & forms[2]
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 180


def test_texts_in_other_scripts_are_not_all_the_same(write_csv: WriteCsv) -> None:
    texts = [
        (f"отзыв {'абвгдежзик'[i]} {'лмнопрст'[j]} 5", "да" if i % 2 else "нет") for i in range(10) for j in range(8)
    ]
    emoji = [("😀", "да"), ("😡", "нет")]
    dataset = load(DatasetRef(str(write_csv([*texts, *emoji]))))
    assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == 82
    assert dataset.counts["train_duplicate_rows"] == 0


def test_a_split_column_is_honoured_and_leaks_are_dropped(write_csv: WriteCsv) -> None:
    data = [(*row, "test" if i % 5 == 0 else "train") for i, row in enumerate(reviews(100))]
    data.append(("REVIEW number 0 is here", "bad", "train"))
    dataset = load(DatasetRef(str(write_csv(data, header=("text", "label", "split")))))
    assert len(dataset.test) == 20
    assert dataset.test.ids[0] == "test-00000"
    assert dataset.counts["train_rows_dropped_in_test"] == 1
    assert dataset.validation_source == "carved"
    assert len(dataset.train) + len(dataset.validation) == 80


def test_a_split_column_with_validation_needs_no_carving(write_csv: WriteCsv) -> None:
    names = ("train", "train", "validation", "test")
    data = [(*row, names[i // 3 % 4]) for i, row in enumerate(reviews(96))]
    dataset = load(DatasetRef(str(write_csv(data, header=("text", "label", "split")))))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (48, 24, 24)
    assert dataset.validation_source == "published"


def test_numbers_are_labels_in_every_format(tmp_path: Path) -> None:
    stars = pd.DataFrame({"text": [f"review {i}" for i in range(40)], "label": [1 + i % 2 for i in range(40)]})
    for kind in ("csv", "jsonl", "parquet"):
        path = tmp_path / f"stars.{kind}"
        if kind == "csv":
            stars.astype({"label": float}).to_csv(path, index=False)
            path.write_text(path.read_text().replace(".0", ""))
        elif kind == "jsonl":
            stars.to_json(path, orient="records", lines=True)
        else:
            stars.astype({"label": float}).to_parquet(path)
        assert load(DatasetRef(str(path))).facts.label_names == ("1", "2")


@pytest.mark.slow
def test_a_text_of_10_megabytes_is_accepted(write_csv: WriteCsv) -> None:
    long = 'long, "longer"\nlongest ' * 450_000
    dataset = load(DatasetRef(str(write_csv([*reviews(), (long, "good")]))))
    found = [text for s in (dataset.train, dataset.validation, dataset.test) for text in s.texts if len(text) > 1000]
    assert found == [long] and len(long) > 10_000_000


def test_a_few_numbers_and_line_breaks_are_texts(write_csv: WriteCsv) -> None:
    dataset = load(DatasetRef(str(write_csv([*reviews(), ("10", "good"), ("a\r\r\nb", "bad")]))))
    texts = [text for s in (dataset.train, dataset.validation, dataset.test) for text in s.texts]
    assert "10" in texts and "a\r\r\nb" in texts


def content(text: str) -> bytes:
    return text.encode()


GOOD = "".join(f"{text},{label}\n" for text, label in reviews())
NUMBERS = "text,label\n" + "".join(f"{i}.5,{i % 2}\n" for i in range(40))
ONE_LABEL = "text,label\n" + GOOD.replace(",bad", ",good").replace(",so-so", ",good")
BAD_FILES = {
    "empty file": ("a.csv", b"", r"a\.csv: empty file"),
    "header only": ("a.csv", b"text,label\n", r"a\.csv: no rows"),
    "no text column": (
        "a.csv",
        content("tekst,label\n" + GOOD),
        r"no column 'text': did you mean 'tekst'\? \(columns: tekst, label\); choose with --text-column",
    ),
    "no label column": ("a.csv", content("text,mood\n" + GOOD), r"no column 'label'.*columns: text, mood"),
    "empty text": (
        "a.csv",
        content("text,label\n" + GOOD + ",good\n"),
        r"a\.csv row 61: no text in column 'text' \(fill it in, or --drop-missing",
    ),
    "blank text": ("a.csv", content("text,label\n  ,good\n" + GOOD), r"a\.csv row 1: no text in column 'text'"),
    "no label": ("a.csv", content("text,label\nfine,\n" + GOOD), r"a\.csv row 1: no label in column 'label'"),
    "numbers": ("a.csv", content(NUMBERS), r"a\.csv: column 'text' holds only numbers; choose with --text-column"),
    "one class": ("a.csv", content(ONE_LABEL), r"a\.csv: column 'label' holds one label only, 'good'"),
    "rare label": (
        "a.csv",
        content("text,label\nwell,odd\n" + GOOD),
        r"a\.csv: labels with fewer than 3 distinct texts: 'odd' \(1\) \(add some, or --min-count 3 leaves such",
    ),
    "another encoding": (
        "a.csv",
        b"text,label\ncaf\xe9,good\nzo\xc3\xab,bad\n",
        r"a\.csv line 2: byte 0xe9 is not UTF-8, where other lines are: .* or save the file as UTF-8",
    ),
    "ragged": (
        "a.csv",
        content("text,label\n" + GOOD + "one,two,three\n"),
        r"a\.csv row 61: 3 fields where the first line has 2: a text that holds the separator needs quotes",
    ),
    "open quote": (
        "a.csv",
        content('text,label\n"never closed,good\n' + GOOD),
        r"a\.csv line 2: malformed CSV: quotes that do not match",
    ),
    "open quote that another one closes": (
        "a.csv",
        content('text,label\n"never closed,good\nfine,good\nthe 5",bad\n' + GOOD),
        r"a\.csv line 2: malformed CSV: a quoted field that goes on to line 4, over lines that look like rows",
    ),
    "cut xz": ("a.csv.xz", lzma.compress(content("text,label\n" + GOOD))[:-8], r"a\.csv\.xz: truncated \.xz"),
    "not json": ("a.jsonl", b'{"text": "a", "label": "b"}\n{"text": \n', r"a\.jsonl line 2: not JSON text"),
    "json list": ("a.jsonl", b'["a", "b"]\n', r"a\.jsonl line 1: a list where an object is needed"),
    "json key": (
        "a.jsonl",
        b'{"text": "a", "lable": "b"}\n',
        r"a\.jsonl line 1: no column 'label': did you mean 'lable'",
    ),
    "json null": ("a.jsonl", b'{"text": null, "label": "b"}\n', r"a\.jsonl row 1: no text in column 'text'"),
    "json number": ("a.jsonl", b'{"text": 7, "label": "b"}\n', r"a\.jsonl row 1: column 'text' holds a int, not text"),
    "json label dict": ("a.jsonl", b'{"text": "a", "label": {"b": 1}}\n', r"a\.jsonl row 1: label of type dict"),
    "lone surrogate": ("a.jsonl", b'{"text": "\\ud800", "label": "b"}\n', r"a\.jsonl line 1: not JSON text"),
    "not parquet": ("a.parquet", b"PAR1 not really", r"a\.parquet: not readable as Parquet"),
    "format": ("a.docx", b"x", r"unknown format '\.docx'; a data file ends in \.csv"),
    "split name": (
        "a.csv",
        content("text,label,split\na,x,trian\nb,y,test\n"),
        r"a\.csv: 'trian' in column 'split': did you mean 'train'",
    ),
    "no test": ("a.csv", content("text,label,split\na,x,train\nb,y,train\n"), r"no row has 'test' in column 'split'"),
    "label not in train": (
        "a.csv",
        content("text,label,split\na,x,train\nb,y,test\n"),
        r"train lacks labels that other splits have: 'y' \(1\)",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_get_one_line_that_says_what_and_where(case: str, tmp_path: Path) -> None:
    name, data, message = BAD_FILES[case]
    path = tmp_path / Path(name).name
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as error:
        load(DatasetRef(str(path)))
    assert "\n" not in str(error.value)


def test_nan_texts_and_number_columns_of_parquet_are_located(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    data = frame()
    data.loc[4, "text"] = None
    data.to_parquet(path)
    with pytest.raises(DataError, match=r"a\.parquet row 5: no text in column 'text'"):
        load(DatasetRef(str(path)))
    frame().assign(text=1.5).to_parquet(path)
    with pytest.raises(DataError, match=r"a\.parquet row 1: column 'text' holds a float, not text"):
        load(DatasetRef(str(path)))
    frame().to_parquet(path)
    with pytest.raises(DataError, match=r"a\.parquet: no column 'review'"):
        load(DatasetRef(str(path), Reading(text_column="review")))


def test_a_missing_file_gets_the_nearest_right_name(write_csv: WriteCsv) -> None:
    path = write_csv(reviews())
    with pytest.raises(DataError, match=r"no file .*mien\.csv: did you mean '.*mine\.csv'\?"):
        load(DatasetRef(str(path.with_name("mien.csv"))))


def test_a_csv_of_excel_with_byte_order_mark_works(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes(("text,label\n" + GOOD).replace("\n", "\r\n").encode("utf-8-sig"))
    assert len(load(DatasetRef(str(path))).train) == 48


def test_jsonl_keeps_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"text": f"é\u2028 {i}", "label": i % 2}, ensure_ascii=False) for i in range(40)]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    dataset = load(DatasetRef(str(path)))
    assert dataset.facts.label_names == ("0", "1")
    assert all(text.startswith("é\u2028") for text in dataset.train.texts)
