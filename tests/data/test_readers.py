"""Each format with its traps, read through the manifest as published sets are."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
from pathlib import Path

import pytest
import yaml

from bench.data.load import load
from bench.data.published import read_published
from bench.data.ref import DatasetRef
from bench.data.rows import Published
from bench.errors import DataError
from tests.data.conftest import WriteSet

LINES = {"reader": "lines", "separator": ";"}


def read(name: str, tmp_path: Path) -> dict[str, Published]:
    return dict(read_published(DatasetRef(name, data_dir=tmp_path / "data")).splits)


@pytest.mark.parametrize("xz", [False, True])
def test_lines_end_at_newline_only_and_the_last_separator_counts(write_set: WriteSet, tmp_path: Path, xz: bool) -> None:
    content = "one\u0085two;x\nthree\u2028four;y\nfive; six\r;x\n".encode()
    name = write_set(LINES, {"train": (["a.txt"], 3, {"x": 2, "y": 1})}, {"a.txt": content}, xz=xz)
    train = read(name, tmp_path)["train"]
    assert train.texts == ["one\u0085two", "three\u2028four", "five; six\r"]
    assert train.labels.tolist() == [0, 1, 0]
    assert train.rows.tolist() == [0, 1, 2]


def test_label_first_lines(write_set: WriteSet, tmp_path: Path) -> None:
    layout = {"reader": "lines", "separator": "\t", "label_first": True}
    name = write_set(layout, {"train": (["a"], 2, {"no": 1, "yes": 1})}, {"a": b"0\ta\tb\n1\tc\n"},
                     labels={"0": "no", "1": "yes"})  # fmt: skip
    assert read(name, tmp_path)["train"].texts == ["a\tb", "c"]


def test_a_line_without_separator_is_located(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, {"train": (["a"], 2, {"x": 2})}, {"a": b"t;x\nlost\n"})
    with pytest.raises(DataError, match="a line 2: no ';' between text and label"):
        read(name, tmp_path)


RATED = {"reader": "rated", "cuts": [-0.5, 0.5], "group_separator": "_"}


def test_ratings_are_cut_and_a_document_stays_in_one_split(write_set: WriteSet, tmp_path: Path) -> None:
    rows = [f"{document}_{i}\t{rating}\ttext {document} {i} says\tso" for document in range(60)
            for i, rating in enumerate((-0.5, 0.49, 0.5, -3))]  # fmt: skip
    content = "\r\n".join(rows).encode()
    name = write_set(RATED, {"all": (["r"], 240, {"negative": 120, "neutral": 60, "positive": 60})}, {"r": content})
    dataset = load(DatasetRef(name, data_dir=tmp_path / "data"))
    splits = (dataset.train, dataset.validation, dataset.test)
    documents = [{text.split()[1] for text in split.texts} for split in splits]
    assert sum(map(len, documents)) == len(set.union(*documents)) == 60
    assert sum(map(len, splits)) == 240 and all(len(split) for split in splits)
    first = dataset.train.texts.index(next(text for text in dataset.train.texts if " 0 says" in text))
    assert dataset.facts.label_names[dataset.train.labels[first]] == "negative"


def test_a_line_without_a_rating_is_located(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(RATED, {"all": (["r"], 2, {"positive": 2})}, {"r": b"1_1\t2.5\tgood\n1_2\tgood\n"})
    with pytest.raises(DataError, match="r line 2: no id, rating and text between tabs"):
        read(name, tmp_path)


def test_paired_files(write_set: WriteSet, tmp_path: Path) -> None:
    files = {"t": b"one \ntwo \n", "l": b"1\n0\n"}
    name = write_set({"reader": "paired"}, {"test": (["t", "l"], 2, {"n": 1, "p": 1})}, files,
                     labels={"0": "n", "1": "p"})  # fmt: skip
    test = read(name, tmp_path)["test"]
    assert (test.texts, test.labels.tolist()) == (["one ", "two "], [1, 0])


def test_paired_files_of_unlike_length_are_an_error(write_set: WriteSet, tmp_path: Path) -> None:
    files = {"t": b"one\ntwo\n", "l": b"n\n"}
    name = write_set({"reader": "paired"}, {"test": (["t", "l"], 2, {"n": 2})}, files)
    with pytest.raises(DataError, match="l: no line 2; t and l must be as long"):
        read(name, tmp_path)


def test_latin_1_csv_keeps_line_breaks_inside_fields(write_set: WriteSet, tmp_path: Path) -> None:
    content = b'Id,Text,Mood\r\n1,"a\r\r\nb \xe9, ""c""",good\r\n2,\x92d,bad\r\n'
    layout = {"reader": "table", "encoding": "latin-1", "text_column": "Text", "label_column": "Mood"}
    name = write_set(layout, {"train": (["a.csv"], 2, {"good": 1, "bad": 1})}, {"a.csv": content})
    assert read(name, tmp_path)["train"].texts == ['a\r\r\nb é, "c"', "\x92d"]


def test_csv_without_header_leaves_out_a_label(write_set: WriteSet, tmp_path: Path) -> None:
    content = b'"0","9","d","q","u","bad day"\n"2","9","d","q","u","a day"\n"4","9","d","q","u","good day"\n'
    layout = {"reader": "table", "encoding": "latin-1", "header": False, "text_column": 5, "label_column": 0}
    name = write_set(layout, {"test": (["a.csv"], 3, {"n": 1, "p": 1})}, {"a.csv": content},
                     labels={"0": "n", "2": None, "4": "p"})  # fmt: skip
    test = read(name, tmp_path)["test"]
    assert (test.texts, test.rows.tolist(), test.left_out) == (["bad day", "good day"], [0, 2], 1)


def test_tsv_is_read_without_quoting(write_set: WriteSet, tmp_path: Path) -> None:
    content = b"sentence\tlabel\n\"never closed\t0\n``fine'' \t1\n"
    layout = {"reader": "table", "delimiter": "\t", "quoted": False, "text_column": "sentence", "label_column": "label"}
    name = write_set(layout, {"train": (["a.tsv"], 2, {"0": 1, "1": 1})}, {"a.tsv": content})
    assert read(name, tmp_path)["train"].texts == ['"never closed', "``fine'' "]


def test_one_file_a_label_and_another_layout_for_test(write_set: WriteSet, tmp_path: Path) -> None:
    files = {"neg": b"bad\nworse\n", "pos": b"good\n", "t": b"fine;pos\n"}
    name = write_set({"reader": "per_label", "file_labels": ["neg", "pos"]},
                     {"train": (["neg", "pos"], 3, {"neg": 2, "pos": 1})}, files)  # fmt: skip
    sheet = tmp_path / "sets" / "mini.yaml"
    document = yaml.safe_load(sheet.read_text())
    document["splits"]["test"] = {"files": ["t"], "layout": LINES, "rows": 1, "counts": {"neg": 0, "pos": 1}}
    sheet.write_text(yaml.safe_dump(document))
    splits = read(name, tmp_path)
    assert splits["train"].texts == ["bad", "worse", "good"]
    assert splits["test"].labels.tolist() == [1]


def tar_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


TAR_SPLITS = {split: (["a.tar"], 2, {"neg": 1, "pos": 1}) for split in ("train", "test")}
MEMBERS = {
    f"root/{split}/{label}/0_{i}.txt": f"{split} {label} <br />".encode()
    for split in ("train", "test")
    for i, label in enumerate(("neg", "pos"))
} | {"root/train/urls_pos.txt": b"http://x"}


def test_tar_with_both_splits_is_in_the_same_order_however_it_was_packed(write_set: WriteSet, tmp_path: Path) -> None:
    found = []
    for members in (MEMBERS, dict(reversed(MEMBERS.items()))):
        name = write_set({"reader": "tar"}, TAR_SPLITS, {"a.tar": tar_of(members)}, sort_rows=True)
        splits = read(name, tmp_path)
        found.append({key: (split.texts, split.labels.tolist(), split.rows.tolist()) for key, split in splits.items()})
    assert found[0] == found[1]
    assert sorted(read(name, tmp_path)["train"].texts) == ["train neg <br />", "train pos <br />"]


def test_a_cut_tar_is_an_error(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set({"reader": "tar"}, TAR_SPLITS, {"a.tar": tar_of(MEMBERS)[:1100]})
    with pytest.raises(DataError, match=r"a\.tar"):
        read(name, tmp_path)


ONE = {"train": (["a.txt"], 2, {"x": 1, "y": 1})}
GOOD = b"one;x\ntwo;y\n"


def test_an_altered_file_is_reported_before_what_is_wrong_in_it(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, ONE, {"a.txt": GOOD})
    path = tmp_path / "data" / "a.txt"
    path.write_bytes(b"one;x\ntwo,y\n")
    with pytest.raises(DataError, match=r"a\.txt: SHA-256 .* where the manifest has .*; it is altered"):
        read(name, tmp_path)
    path.write_bytes(GOOD + b"three;x\n")
    with pytest.raises(DataError, match=r"a\.txt: 20 bytes where the manifest has 12"):
        read(name, tmp_path)


def test_a_truncated_xz_is_an_error(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, ONE, {"a.txt": GOOD}, xz=True)
    path = tmp_path / "data" / "a.txt.xz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"a\.txt\.xz: truncated \.xz; copy or fetch it again"):
        read(name, tmp_path)
    path.write_bytes(b"no xz at all, though longer than a header")
    with pytest.raises(DataError, match=r"a\.txt\.xz: not a whole \.xz"):
        read(name, tmp_path)


def test_a_git_blob_id_verifies_too(write_set: WriteSet, tmp_path: Path) -> None:
    blob = "ad2c3edbdf0d69bf79d6ba43b29d9b43b3b4b2ce"
    name = write_set(LINES, ONE, {"a.txt": GOOD}, xz=True, files={"a.txt": {"git_blob": blob}})
    with pytest.raises(DataError, match=r"its git blob id is not the manifest's ad2c3edbdf0d"):
        read(name, tmp_path)
    right = hashlib.sha1(b"blob 12\0" + GOOD).hexdigest()
    name = write_set(LINES, ONE, {"a.txt": GOOD}, xz=True, files={"a.txt": {"git_blob": right}})
    assert read(name, tmp_path)["train"].texts == ["one", "two"]


def test_counts_that_are_not_the_manifests_are_an_error(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, {"train": (["a.txt"], 2, {"x": 2, "y": 0})}, {"a.txt": GOOD})
    with pytest.raises(DataError, match=r"train has 2 rows, \{'x': 1, 'y': 1\}, where the manifest has 2"):
        read(name, tmp_path)


def test_an_unknown_label_is_located(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, ONE, {"a.txt": b"one;x\ntwo;yy\n"}, labels={"x": "x", "y": "y"})
    with pytest.raises(DataError, match=r"mini \(a\.txt\) row 2: unknown label 'yy': did you mean|available: x, y"):
        read(name, tmp_path)


def test_an_empty_published_file_is_an_error(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, ONE, {"a.txt": b""})
    with pytest.raises(DataError, match=r"a\.txt\): empty file"):
        read(name, tmp_path)


def test_wrong_encoding_is_located(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, ONE, {"a.txt": b"one;x\ntw\xe9;y\n"})
    with pytest.raises(DataError, match=r"a\.txt line 2: byte 0xe9 is not utf-8"):
        read(name, tmp_path)


def test_compressed_and_plain_copies_are_the_same(write_set: WriteSet, tmp_path: Path) -> None:
    name = write_set(LINES, ONE, {"a.txt": GOOD})
    plain = read(name, tmp_path)["train"].texts
    (tmp_path / "data" / "a.txt").unlink()
    (tmp_path / "data" / "a.txt.xz").write_bytes(lzma.compress(GOOD))
    assert read(name, tmp_path)["train"].texts == plain
