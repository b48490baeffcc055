"""Every row that goes in comes out, in order, with its other columns: what cannot be is reported in that row."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.data import Reading
from bench.errors import BenchError
from serving.batch import PART
from serving.scored import unique_names
from tests.serving.letters import LABELS, scored, vowels

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where hundreds of small files need not wait for a disk."""
OUTPUTS = ["out.csv", "out.jsonl", "out.parquet"]


def read(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Names and rows, by the plainest reader of each format; a JSON line's keys must be those of the first."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            names, *rows = csv.reader(file, strict=True)
        return names, rows
    if path.suffix == ".jsonl":
        found = objects(path)
        return list(found[0]), [list(row.values()) for row in found]
    table = pq.ParquetFile(path).read()
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [list(row) for row in zip(*columns, strict=True)]


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=_no) for line in path.read_text().split("\n")[:-1]]


def _no(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def written(folder: Path, name: str, content: bytes | str) -> Path:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


def problems(path: Path) -> list[str]:
    names, rows = read(path)
    return [row[names.index("problem")] or "" for row in rows]


# ------------------------------------------------------------------------------------ all types, all formats

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", " ", "\r", "a\rb", "\n", 'say "hi"', '"', ",", "x, y", "é", "\u2028", "\0", "aei\r\n"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["\ud800", "aei"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(cells, inner, max_size=3),
    max_leaves=6,
)
names = st.lists(st.sampled_from(["p_x", "problem", "predicted", "id", "", "é", "text", "a,b"]), max_size=4)
outputs = st.sampled_from(OUTPUTS)


def check(texts: list[Any], count: int, found: tuple[list[str], list[list[Any]]]) -> list[list[Any]]:
    """The scores behind `count` columns are those of the texts; returns the columns."""
    heads, rows = found
    assert len(rows) == len(texts) and len(set(heads)) == len(heads)
    for text, row in zip(texts, rows, strict=True):
        label, probability, first, second, problem = row[count:]
        if isinstance(text, str) and text.strip():
            assert [float(first), float(second)] == pytest.approx([vowels(text), 1 - vowels(text)], abs=2e-6)
            assert label == LABELS[float(first) < 0.5] and float(probability) == max(float(first), float(second))
        else:
            assert not label and first in (None, "") and problem
    return [row[:count] for row in rows]


@settings(max_examples=60, deadline=None)
@given(
    names,
    st.lists(st.tuples(*[cells] * 5).map(list), min_size=1, max_size=5),
    outputs,
    st.sampled_from(["\n", "\r\n"]),
)
@example(["text"], [["a", "b", "", "", ""]], "out.parquet", "\n")
def test_csv(others: list[str], rows: list[list[str]], output: str, end: str) -> None:
    heads = ["text", *others]
    rows = [row[: len(heads)] for row in rows]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([heads, *rows])
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        target = Path(folder) / output
        scored(written(Path(folder), "in.csv", buffer.getvalue()), target)
        found = read(target)
    if not any("look like rows" in (row[-1] or "") for row in found[1]):
        assert check([row[0] for row in rows], len(heads), found) == rows


@settings(max_examples=30, deadline=None)
@given(
    st.lists(cells.map(lambda cell: cell.replace("\n", "")), min_size=1, max_size=5),
    outputs,
    st.sampled_from(["in.txt", "in.tsv"]),
)
def test_lines_and_tsv(texts: list[str], output: str, source: str) -> None:
    texts = [text.replace("\t", "").rstrip("\r") for text in texts]
    lines = [f"{text}\t{number}" for number, text in enumerate(texts)] if source == "in.tsv" else texts
    content = "".join(line + "\n" for line in (["text\tid", *lines] if source == "in.tsv" else lines))
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        scored(written(Path(folder), source, content), Path(folder) / output)
        found = read(Path(folder) / output)
    columns = check(texts, 1 + (source == "in.tsv"), found)
    assert columns == [[text, str(number)][: len(columns[0])] for number, text in enumerate(texts)]


def as_json(value: Any) -> Any:
    """A value as any JSON reader has it again."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    if isinstance(value, str):
        return value.replace("\ud800", "\ufffd")
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return {name: as_json(item) for name, item in value.items()} if isinstance(value, dict) else value


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["text", "p_x", "problem", "é"]), values), min_size=1, max_size=5), outputs
)
@example([{"text": {"\U00010000": None}}], "out.jsonl")
def test_json_lines(rows: list[dict[str, Any]], output: str) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        source = written(Path(folder), "in.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        scored(source, Path(folder) / output)
        if output == "out.jsonl":
            given = objects(Path(folder) / output)
        else:
            heads, found = read(Path(folder) / output)
            texts = [row.get("text") if row.get("text") != "\ud800" else None for row in rows]
            given = [json.loads(record) for _, record in check(texts, 2, (heads, found))]
    assert len(given) == len(rows)
    for row, out in zip(rows, given, strict=True):
        assert all(out[name] == as_json(value) for name, value in row.items())
        if output == "out.jsonl" and "\ud800" in json.dumps(row, ensure_ascii=False):  # alone, in no pair
            assert "UTF-8" in next(
                value for name, value in out.items() if name.startswith("problem") and name not in row
            )


EPOCH = date(1970, 1, 1)


def _date(days: int) -> str:
    return (EPOCH + timedelta(days=days)).isoformat() if days < 2_932_897 else "12921-08-18"


KINDS: list[tuple[pa.DataType, st.SearchStrategy[Any], Callable[[Any], Any]]] = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1), lambda v: v),
    (pa.uint64(), st.integers(0, 2**64 - 1), lambda v: v),
    (pa.float64(), st.floats(), as_json),
    (pa.bool_(), st.booleans(), lambda v: v),
    (pa.string(), cells, lambda v: v),
    (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "b"]), lambda v: v),
    (pa.binary(), st.binary(max_size=3), lambda v: base64.b64encode(v).decode()),
    (pa.date32(), st.sampled_from([0, 19_000, -700_000, 4_000_000]), _date),
    (pa.timestamp("ns", "UTC"), st.sampled_from([1]), lambda v: "1970-01-01 00:00:00.000000001Z"),
    (pa.timestamp("us"), st.sampled_from([2**62]), lambda v: f"<value out of range: {v}>"),
    (pa.decimal128(10, 2), st.sampled_from([-120]), lambda v: "-1.20"),
]  # fmt: skip


def _array(kind: pa.DataType, raw: list[Any]) -> pa.Array:
    """Dates and times by the number that they are stored as: Python has no date beyond 9999."""
    if pa.types.is_decimal(kind):
        return pa.array([None if value is None else Decimal(value).scaleb(-2) for value in raw], kind)
    if pa.types.is_temporal(kind):
        return pa.array(raw, pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)
    return (
        pa.array(raw, pa.string()).dictionary_encode().cast(kind)
        if pa.types.is_dictionary(kind)
        else pa.array(raw, kind)
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, list[list[Any]]]:
    """A table, and its rows in plain values."""
    size = draw(st.integers(1, 4))
    texts = draw(st.lists(st.none() | cells, min_size=size, max_size=size))
    arrays, plain, heads = [pa.array(texts, pa.string())], [texts], ["text", *draw(names)]
    for _ in heads[1:]:
        kind, raw, shown = draw(st.sampled_from(KINDS))
        given = draw(st.lists(st.none() | raw, min_size=size, max_size=size))
        array, column = _array(kind, given), [None if v is None else shown(v) for v in given]
        match draw(st.sampled_from(["flat", "list", "struct"])):
            case "list" if not pa.types.is_dictionary(kind):
                array, column = pa.ListArray.from_arrays(list(range(size + 1)), array), [[v] for v in column]
            case "struct" if not pa.types.is_dictionary(kind):
                array, column = pa.StructArray.from_arrays([array], ["p"]), [{"p": v} for v in column]
        arrays.append(array)
        plain.append(column)
    return pa.table(arrays, heads), [list(row) for row in zip(*plain, strict=True)]


@settings(max_examples=80, deadline=None)
@given(tables(), outputs)
def test_parquet(given: tuple[pa.Table, list[list[Any]]], output: str) -> None:
    table, rows = given
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        pq.write_table(table, Path(folder) / "in.parquet")
        scored(Path(folder) / "in.parquet", Path(folder) / output)
        if output == "out.parquet":
            before, after = (pq.ParquetFile(Path(folder) / name).read() for name in ("in.parquet", output))
            for old, new in zip(before.columns, after.columns[: table.num_columns], strict=True):
                assert old.type == new.type and old.to_string() == new.to_string()  # NaN is not equal to itself
            return
        found = read(Path(folder) / output)
    columns = check([row[0] for row in rows], table.num_columns, found)
    if output == "out.jsonl":
        assert columns == rows
    else:
        assert columns == [[_cell(value) for value in row] for row in rows]


def _cell(value: Any) -> str:
    """What a CSV has of a plain value; of one in a list or an object, its JSON."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


# ------------------------------------------------------------------------------------ what people really have


OPEN_QUOTE = """id,text,user
1,the crew was great,a
2,"RT @friend: late again,b
3,lost my bag,c
4,thanks for the "best" upgrade,d
5,worst flight ever,e
6,on time and kind,f
"""
AWKWARD = ["ok", "", " ", "😡" * 3, "a" * 100_000, "\0\1", "\u202eabc\u202c", "e\u0301" * 99]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("name", "content", "reported"),
    [
        ("in.csv", 'id,text\n1,great\n2,\n3,late\n4,   \n5,""\n', ["", "no text", "", "no text", "no text"]),
        ("in.csv", OPEN_QUOTE, ["", "line 3: quotes that do not match", "", "", "", ""]),
        ("in.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in AWKWARD), ["", *["no text"] * 2, *[""] * 5]),
    ],
)
def test_empty_open_and_awkward(tmp_path: Path, output: str, name: str, content: str, reported: list[str]) -> None:
    scored(written(tmp_path, name, content), tmp_path / output)
    assert problems(tmp_path / output) == reported


@pytest.mark.parametrize(
    ("content", "rows", "reported"),
    [
        ('id,text\n1,"open,\n2,b\n3,c\n', 3, ["line 2: quotes that do not match; 3 fields", "", ""]),  # to the end
        ('id,text\n1,"open\n2,b\n3,the 5"\n4,d\n', 4, ["line 2: a quoted field that goes on to line 4", *[""] * 3]),
        ('id,text\n1,"open\n2,so ""called""\n3,c\n', 3, ["line 2: quotes", "", ""]),
        ('id,text\n1,"dear all,\nsee you, love\nJo"\n2,b\n', 2, ["", ""]),  # a text of several lines stays one
        ("id,text\n1,a\rb\n2,c\r\n3,d\r\r\n", 3, ["", "", ""]),
        ("id,text\n1,a\n\n2,b\n\n", 4, ["", "a blank line", "", "a blank line"]),
        ('id,text\n1,a,"b, c",d\n2\n', 2, ['4 fields where the header has 2; the rest is ["b, c", "d"]', "1 fields"]),
        ("text\na\n\n  \n", 3, ["", "a blank line", "no text"]),
        (b"id,text\n\xff,a\n1,\xe9\n", 2, ["not UTF-8: 'id'", "not UTF-8: 'text'"]),
        (b"id,text\n\xff\n", 1, ["1 fields where the header has 2; not UTF-8: 'id'"]),
    ],
)  # fmt: skip
def test_a_table_with_faults_loses_no_row(tmp_path: Path, content: str | bytes, rows: int, reported: list[str]) -> None:
    source = written(tmp_path, "in.csv", content)
    for output in OUTPUTS:
        scored(source, tmp_path / output)
        found = problems(tmp_path / output)
        assert len(found) == rows
        for was, message in zip(found, reported, strict=True):
            assert was.startswith(message) and bool(was) == bool(message)


def test_a_row_that_is_told_may_have_its_scores(tmp_path: Path) -> None:
    scored(written(tmp_path, "in.csv", 'id,text\n1,"aa\n2,b\n'), tmp_path / "out.csv")
    _, rows = read(tmp_path / "out.csv")
    assert rows[0][:3] == ["1", '"aa', "vowels"] and rows[1][:3] == ["2", "b", "x"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", "text,text,text_\naei,xyz,z\n"),
        ("in.jsonl", '{"text": "aei", "text": "xyz", "text_": "z"}\n'),
        ("in.parquet", pa.table([["aei"], ["xyz"], ["z"]], ["text", "text", "text_"])),
    ],
)
def test_of_two_columns_of_one_name_the_first_is_scored_and_both_are_kept(
    tmp_path: Path, name: str, content: Any
) -> None:
    if isinstance(content, pa.Table):
        pq.write_table(content, tmp_path / name)
    else:
        written(tmp_path, name, content)
    scored(tmp_path / name, tmp_path / "out.jsonl")
    (row,) = objects(tmp_path / "out.jsonl")
    assert (row["text"], row["text__"], row["text_"], row["predicted"]) == ("aei", "xyz", "z", "vowels")


def test_blank_and_strange_json_lines_are_rows(tmp_path: Path) -> None:
    deep = '{"text": "a", "x": ' + "[" * 300 + "]" * 300 + "}"
    lines = [
        "",
        '{"text": "a"}',
        " ",
        deep,
        '{"text": "a", "x": NaN}',
        "1" * 5000,
        '{"\\ud800": 1, "\\ud801": 2, "text": "a"}',
    ]
    source = written(tmp_path, "in.jsonl", "\n".join(lines) + "\n")
    for output in OUTPUTS:
        scored(source, tmp_path / output)
    rows = objects(tmp_path / "out.jsonl")
    reported = [
        "a blank line",
        None,
        "a blank line",
        "nested too deep",
        None,
        "not JSON",
        "not UTF-8: '\ufffd', '\ufffd_'",
    ]
    assert [row["problem"] for row in rows] == reported and rows[4]["x"] is None
    assert (rows[6]["\ufffd"], rows[6]["\ufffd_"]) == (1, 2) and rows[3]["line"] == deep
    assert problems(tmp_path / "out.csv") == problems(tmp_path / "out.parquet") == [t or "" for t in reported]


def test_the_text_column_may_have_any_name(tmp_path: Path) -> None:
    for name in ("p_x", "record", "problem"):
        for source, content in (("in.csv", f"{name}\naei\n"), ("in.jsonl", f'{{"{name}": "aei"}}\n')):
            written(tmp_path, source, content)
            for output in OUTPUTS:
                scored(tmp_path / source, tmp_path / output, reading=Reading(text_column=name), overwrite=True)
                names, rows = read(tmp_path / output)
                assert rows[0][names.index(name)] == "aei" and "vowels" in rows[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('id,"text\n1,a\n', "line 1: quotes that do not match"),
        ("text\raei\rbcd\r", "lines end with a carriage return alone"),
        ("\ntext\na\n", "no column 'text'"),
        ("", "nothing to score"),
        ("text\n", "nothing to score"),
    ],
)
def test_a_table_without_a_header_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        scored(written(tmp_path, "in.csv", content), tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists() and not (tmp_path / "out.csv.parts").exists()


def test_a_parquet_file_that_breaks_off_names_the_row(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"text": [f"text {i}" for i in range(3 * PART)]}), tmp_path / "in.parquet", row_group_size=PART
    )
    content = bytearray((tmp_path / "in.parquet").read_bytes())
    start = pq.read_metadata(tmp_path / "in.parquet").row_group(2).column(0).dictionary_page_offset
    content[start : start + 2000] = b"\xff" * 2000
    (tmp_path / "in.parquet").write_bytes(content)
    with pytest.raises(BenchError, match="not readable as Parquet after row 8,192"):
        scored(tmp_path / "in.parquet", tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("source", "output"),
    [("in.csv", "out.csv"), ("in.csv", "out.jsonl"), ("in.jsonl", "out.parquet"), ("in.parquet", "out.parquet")],
)
def test_parts_are_joined_in_their_order(tmp_path: Path, source: str, output: str) -> None:
    """Two and a half of them, and categories that differ from part to part."""
    size = 2 * PART + 5
    table = pa.table({"text": [f"text {i}" for i in range(size)], "id": list(range(size))})
    table = table.append_column("sort", pa.array([str(i // 1000) for i in range(size)]).dictionary_encode())
    if source == "in.parquet":
        pq.write_table(table, tmp_path / source, row_group_size=999)
    elif source == "in.csv":
        table.to_pandas().to_csv(tmp_path / source, index=False)
    else:
        table.to_pandas().to_json(tmp_path / source, orient="records", lines=True)
    assert scored(tmp_path / source, tmp_path / output).rows == size
    names, rows = read(tmp_path / output)
    assert [row[names.index("text")] for row in rows] == [f"text {i}" for i in range(size)]
    found = np.array([row[names.index("p_vowels")] for row in rows], float)
    assert np.abs(found - [vowels(f"text {i}") for i in range(size)]).max() < 1e-6
    if "id" in names:
        assert [int(row[names.index("id")]) for row in rows] == list(range(size))


def test_names_are_made_unique() -> None:
    assert unique_names(["a", "a", "a_", "b", "a"]) == ["a", "a__", "a_", "b", "a___"]
