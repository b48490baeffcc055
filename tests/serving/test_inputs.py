"""Inputs as people have them: every record of every format comes out, and an open quote costs none."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from bench.data import Reading
from serving.readers import format_of, read_records
from serving.records import Record, opened
from serving.source import source_of
from tests.serving.conftest import Serving, Trained

TEXTS = ["the crew was great", "late again", "lost, again", "Größe"]


def records(path: Path, stored: dict[str, object] | None = None, **given: object) -> list[Record]:
    source = source_of(path, format_of(path, None), Reading.model_validate(given), stored)
    with opened(path) as stream:
        return list(read_records(stream, source))


def table(separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([["id", "text"], *enumerate(TEXTS)])
    return out.getvalue()


OBJECTS = [{"id": str(i), "text": text} for i, text in enumerate(TEXTS)]
INPUTS: dict[str, bytes] = {
    "a.csv": table().encode(),
    "a.csv.gz": gzip.compress(table().encode()),
    "semicolon.csv": table(";").encode(),
    "tabs.csv": table("\t").encode(),
    "utf16.csv": table().encode("utf-16"),
    "latin.csv": table().encode("latin-1"),
    "upper.csv": table().replace("text", " TEXT").encode(),
    "a.json": json.dumps(OBJECTS).encode(),
    "lines.json": "".join(json.dumps(value) + "\n" for value in OBJECTS).encode(),
    "a.ndjson": "".join(json.dumps(value) + "\n" for value in OBJECTS).encode(),
}


@pytest.mark.parametrize("name", INPUTS)
def test_every_record_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(INPUTS[name])
    assert [(r.text, r.columns["id"], r.problem) for r in records(tmp_path / name)] == [
        (text, str(i), None) for i, text in enumerate(TEXTS)
    ]


def test_feather_and_excel(tmp_path: Path) -> None:
    frame = pd.DataFrame(OBJECTS)
    frame.to_feather(tmp_path / "a.feather")
    assert [r.text for r in records(tmp_path / "a.feather")] == TEXTS
    pytest.importorskip("openpyxl")
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    assert [(r.text, r.columns["id"]) for r in records(tmp_path / "a.xlsx")] == [
        (t, str(i)) for i, t in enumerate(TEXTS)
    ]


def test_the_columns_of_the_training_data_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Title,Body,text\nA,b,c\n,d,e\n")
    assert [r.text for r in records(path, {"text_column": "title,body"})] == ["A b", "d"]
    assert [r.text for r in records(path, {"text_column": "title,body"}, text_column="text")] == ["c", "e"]
    assert [r.text for r in records(path, {"text_column": "tweet"})] == ["c", "e"]
    path.write_text("1,one\n2,two\n")
    stored = {"header": False, "text_column": "2"}
    assert [(r.text, r.columns) for r in records(path, stored)] == [
        ("one", {"1": "1", "2": "one"}), ("two", {"1": "2", "2": "two"}),
    ]  # fmt: skip


OPEN = {
    "closed by another, with commas": '2,"RT @friend: late, again,b\n3,lost my bag,c\n4,a nice, big 5",d\n',
    "never closed": '2,"RT @friend: late, again,b\n3,lost my bag,c\n4,a nice big 5,d\n',
    "closed by the next line": '2,"RT, late,again,b\n3,5" of rain,c\n4,a nice big 5,d\n',
    "followed by a quoted word": '2,"RT @friend: late again,b\n3,lost my bag,c\n4,thanks for the "best",d\n',
}


@pytest.mark.parametrize("case", OPEN)
def test_an_open_quote_swallows_no_row(case: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,user\n1,the crew was great,a\n" + OPEN[case] + "5,worst flight,b\n6,on time,c\n")
    found = records(path)
    assert len(found) == 6 and [r.text for r in found][-2:] == ["worst flight", "on time"]
    assert found[1].problem and "line 3" in found[1].problem


def test_a_text_of_several_lines_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "Dear sirs,\n1, the bag\n2, the coat\n5,000 people saw it, really,\ngood bye"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["id", "text", "user"], [1, "a", "x"], [2, text, "y"], [3, "b", "x"], [4, "c", "x"]]
        )
    assert [(r.text, r.problem) for r in records(path)] == [("a", None), (text, None), ("b", None), ("c", None)]


def test_rows_without_a_text_say_so_and_a_file_of_them_fails(
    serving: Serving, trained: Trained, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,the crew was great\n2,\n3,late again\n4,   \n5,""\n')
    ran = serving("predict", trained.run, "-i", "a.csv", "-o", "b.csv")
    assert ran.returncode == 0 and b"5 rows" in ran.stderr and b"3 bad rows" in ran.stderr
    found = list(csv.DictReader((tmp_path / "b.csv").open()))
    assert [bool(row["predicted"]) for row in found] == [True, False, True, False, False]
    assert [row["problem"] for row in found] == ["", "no text", "", "no text", "no text"]
    (tmp_path / "a.csv").write_text("id,text\n1,\n2,\n")
    assert serving("predict", trained.run, "-i", "a.csv", "-o", "c.csv").returncode == 1
    (tmp_path / "latin.csv").write_bytes("text\nGröße\n".encode("latin-1"))
    ran = serving("predict", trained.run, "-i", "latin.csv", "-o", "d.csv")
    assert ran.returncode == 0 and b"is read as cp1252" in ran.stderr, ran.stderr


def test_long_and_odd_texts_are_answered(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    texts = [
        "ok",
        "",
        " ",
        "😡😡😡",
        "a" * 100_000,
        "🙂 " * 50_000,
        "\u200b",
        "<b>x</b>",
        "a\tb\nc",
        "no no no " * 9_999,
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    ran = serving("predict", trained.run, "-i", "a.jsonl", "-o", "b.jsonl")
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    assert len(found) == 10 and all(row["predicted"] or row["problem"] for row in found)
