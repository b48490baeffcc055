"""Files as people have them: each format and each habit gives the very rows of the plain CSV."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from bench.data import Dataset, DatasetRef, Reading, load
from bench.errors import DataError
from tests.data.conftest import reviews

ROWS = [(f"{text}, café “so” №{i}" if i % 10 == 0 else text, label) for i, (text, label) in enumerate(reviews())]
PLAIN = reviews()
NAMES = ["bad", "good", "so-so"]


def frame(rows: list[tuple[str, str]] = PLAIN) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "label"])


def table(rows: list[tuple[str, str]] = PLAIN, separator: str = ",", header: str = "text,label") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    if header:
        writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue()


def rows_of(dataset: Dataset) -> list[tuple[str, str, str]]:
    """Id, text and label of every row."""
    splits = (dataset.train, dataset.validation, dataset.test)
    return sorted((i, t, s.label_names[n]) for s in splits for i, t, n in zip(s.ids, s.texts, s.labels, strict=True))


def expected(rows: list[tuple[str, str]] = PLAIN) -> list[tuple[str, str, str]]:
    return [(f"row-{i:05d}", text, label) for i, (text, label) in enumerate(rows)]


def read(path: Path, **options: Any) -> Dataset:
    return load(DatasetRef(str(path), Reading(**options)))


def zipped(content: bytes, *names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def arrow(rows: list[tuple[str, str]] = PLAIN) -> bytes:
    buffer = io.BytesIO()
    feather.write_feather(frame(rows), buffer)
    return buffer.getvalue()


CSV = table().encode()
RECORDS = [{"text": text, "label": label} for text, label in PLAIN]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS).encode()
CONTAINERS: dict[str, bytes] = {
    "a.csv": CSV,
    "a.csv.gz": gzip.compress(CSV),
    "a.csv.bz2": bz2.compress(CSV),
    "a.csv.xz": lzma.compress(CSV),
    "a.csv.zip": zipped(CSV, "mine.csv"),
    "a.zip": zipped(CSV, "mine.csv", "__MACOSX/._mine.csv"),
    "array.json": json.dumps(RECORDS, indent=1).encode(),
    "one-line.json": json.dumps(RECORDS).encode(),
    "within.json": json.dumps({"version": 1, "data": RECORDS}).encode(),
    "columns.json": frame().to_json().encode(),
    "lines.json": LINES,
    "a.ndjson": LINES,
    "a.jsonl.gz": gzip.compress(LINES),
    "a.feather": arrow(),
    "a.tsv": table(separator="\t").encode(),
    "bom.csv": CSV.decode().encode("utf-8-sig"),
    "semicolon.csv": table(separator=";").encode(),
    "bar.csv": table(separator="|").encode(),
    "tabs.csv": table(separator="\t").encode(),
    "declared.csv": b"sep=;\r\n" + table(separator=";").encode(),
    "upper.csv": table(header="Text,LABEL").encode(),
    "spaces.csv": table(header=" text ,label ").encode(),
    "index.csv": frame().to_csv().encode(),
    "lines.txt": "".join(f"__label__{label} {text}\n" for text, label in PLAIN).encode(),
    "tabs.txt": "".join(f"{text}\t{label}\n" for text, label in PLAIN).encode(),
    "label-first.txt": "".join(f"{label};{text}\n" for text, label in PLAIN).encode(),
    "header.txt": table(separator="\t").encode(),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CONTAINERS[name])
    assert rows_of(read(path)) == expected()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252", "latin-1"])
def test_the_encoding_is_found_and_said(encoding: str, tmp_path: Path) -> None:
    rows = [(text.replace("“so” №", "Größe, naïve") if "№" in text else text, label) for text, label in ROWS]
    path = tmp_path / "a.csv"
    path.write_bytes(table(rows).encode(encoding))
    dataset = read(path)
    assert rows_of(dataset) == expected(rows)
    said = {"utf-8": (), "utf-16": ("read as utf-16",)}.get(encoding, ("read as cp1252",))
    assert dataset.facts.notes == said


def test_an_encoding_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    rows = [(f"отзыв номер {i} хороший", "да" if i % 2 else "нет") for i in range(40)]
    path = tmp_path / "a.csv"
    path.write_bytes(table(rows).encode("cp1251"))
    with pytest.raises(DataError, match=r"a\.csv line 2: byte 0x.. is not UTF-8.*--encoding \(cp1251"):
        read(path)
    assert rows_of(read(path, encoding="windows-1251")) == expected(rows)
    with pytest.raises(DataError, match="--encoding klingon: no such encoding"):
        read(path, encoding="klingon")


def test_a_broken_byte_among_utf8_is_no_other_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table(ROWS).encode() + "naïve,good\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"a\.csv line 62: byte 0xef is not UTF-8"):
        read(path)


def test_what_is_found_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table(separator=";").encode())
    assert read(path).facts.notes == ("columns parted by a semicolon",)
    assert read(path, separator=";").facts.notes == ("columns parted by a semicolon",)


def test_without_a_header_the_first_line_is_told_from_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table(header="").encode())
    with pytest.raises(DataError, match=r"looks like a text and a label.*--no-header --text-column 1 --label-column 2"):
        read(path)
    assert rows_of(read(path, header=False, text_column="1", label_column="2")) == expected()


def test_excel(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    frame().to_excel(tmp_path / "a.xlsx", index=False)
    assert rows_of(read(tmp_path / "a.xlsx")) == expected()
    frame().to_excel(tmp_path / "b.xlsx", index=False, header=False)
    assert rows_of(read(tmp_path / "b.xlsx", header=False, text_column="1", label_column="2")) == expected()
    (tmp_path / "c.xlsx").write_bytes(b"no workbook")
    with pytest.raises(DataError, match=r"c\.xlsx: not readable as Excel"):
        read(tmp_path / "c.xlsx")


FEATURES = {"label": {"names": NAMES, "_type": "ClassLabel"}, "text": {"dtype": "string", "_type": "Value"}}


def coded(rows: list[tuple[str, str]] = PLAIN) -> pa.Table:
    """As `datasets` has it: labels as numbers, their names in the metadata."""
    columns = {"text": [text for text, _ in rows], "label": [NAMES.index(label) for _, label in rows]}
    return pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


def test_names_of_labels_come_from_the_metadata(tmp_path: Path) -> None:
    pq.write_table(coded(), tmp_path / "a.parquet")
    assert rows_of(read(tmp_path / "a.parquet")) == expected()


def saved(folder: Path, rows: list[tuple[str, str]]) -> None:
    folder.mkdir(parents=True)
    with pa.OSFile(str(folder / "data-00000-of-00001.arrow"), "wb") as file:
        content = coded(rows)
        with pa.ipc.new_stream(file, content.schema) as writer:
            writer.write_table(content)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))


def test_a_folder_that_datasets_has_saved(tmp_path: Path) -> None:
    saved(tmp_path / "one", PLAIN)
    assert rows_of(read(tmp_path / "one")) == expected()
    for split, rows in (("train", PLAIN[:40]), ("validation", PLAIN[40:50]), ("test", PLAIN[50:])):
        saved(tmp_path / "three" / split, rows)
    (tmp_path / "three" / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "validation", "test"]}))
    dataset = read(tmp_path / "three")
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [40, 10, 10]
    assert dataset.facts.label_names == tuple(NAMES)


def test_pandas_files_stay_readable(tmp_path: Path) -> None:
    variants: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "categorical": lambda data: data.astype({"label": "category"}),
        "both": lambda data: data.astype("category"),
        "gaps": lambda data: data.set_index(pd.Index(range(0, 2 * len(data), 2))),
        "text-as-index": lambda data: data.set_index("text"),
    }
    for name, change in variants.items():
        change(frame()).to_parquet(tmp_path / f"{name}.parquet")
        assert rows_of(read(tmp_path / f"{name}.parquet")) == expected(), name
    numbers = frame().assign(label=[i % 3 for i in range(60)])
    for type_ in ("int8", "float64"):
        numbers.astype({"label": type_}).to_parquet(tmp_path / f"{type_}.parquet")
        assert read(tmp_path / f"{type_}.parquet").facts.label_names == ("0", "1", "2")
    views = pa.table({"text": pa.array([t for t, _ in PLAIN], pa.string_view()), "label": [x for _, x in PLAIN]})
    pq.write_table(views, tmp_path / "view.parquet")
    assert rows_of(read(tmp_path / "view.parquet")) == expected()


def test_two_columns_make_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "title,body,label\n" + "".join(f"T{i},{t},{x}\n" for i, (t, x) in enumerate(PLAIN)) + ",alone,good\n"
    )
    found = rows_of(read(path, text_column="title,body"))
    assert [text for _, text, _ in found] == [*(f"T{i} {t}" for i, (t, _) in enumerate(PLAIN)), "alone"]


def test_two_columns_of_one_name_are_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,text,label\n" + "".join(f"{t},{t.upper()},{x}\n" for t, x in PLAIN))
    assert rows_of(read(path)) == expected()


UNREADABLE = {
    "two tables in a zip": ("a.zip", zipped(CSV, "a.csv", "b.csv"), r"holds 2 data files \(a\.csv, b\.csv\); unpack"),
    "no table in a zip": ("a.zip", zipped(b"", "a.png"), "holds no data file"),
    "no zip": ("a.csv.zip", b"no zip", r"not a whole \.zip"),
    "cut gz": ("a.csv.gz", gzip.compress(CSV)[:-20], r"truncated \.gz"),
    "a text alone": ("a.txt", "".join(f"{t}\n" for t, _ in PLAIN).encode(), "which part of a line is the text"),
    "several labels": ("a.txt", b"__label__a __label__b text\n", "line 1: several labels"),
    "not json": ("a.json", b"[{]", "not JSON text"),
    "a word of JSON": ("a.json", b'"text"', "no list of objects"),
    "unquoted commas": (
        "a.csv", b"text,label\n" + b"one, two,good\nthree,bad\nfour, five, six,bad\n" * 3,
        r"a\.csv 6 rows of 3 or 4 fields \(1, 3, 4, 6, 7, …\) where the first line has 2: a text .* needs quotes",
    ),
    "open quote": ("a.csv", b'text,label\n"open,good\n' + CSV[12:], r"line 2: malformed CSV: .* or --no-quotes"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_says_why_in_one_line(case: str, tmp_path: Path) -> None:
    name, content, message = UNREADABLE[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)


def test_a_folder_of_something_else_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder that `datasets` has not saved"):
        read(tmp_path)
