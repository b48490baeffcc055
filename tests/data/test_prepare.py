"""Prepared data: whole or not there, made once, found again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bench.data import DatasetRef, Prepared, Reading, find_prepared, load, prepare
from bench.data.digest import file_sha256
from bench.errors import DataError, StoreError
from tests.conftest import ROOT
from tests.data.conftest import WriteCsv, reviews

TOY = DatasetRef("toy")


def test_what_is_prepared_is_what_is_loaded(tmp_path: Path) -> None:
    prepared, dataset = prepare(TOY, tmp_path / "p"), load(TOY)
    for mine, theirs in ((prepared.train(), dataset.train), (prepared.validation(), dataset.validation)):
        assert (mine.ids, mine.texts, mine.label_names) == (theirs.ids, theirs.texts, theirs.label_names)
        assert mine.labels.dtype == np.int64 and (mine.labels == theirs.labels).all()
    ids, texts = prepared.test_texts()
    assert (ids, texts) == (dataset.test.ids, dataset.test.texts)
    assert prepared.test_labels()[0] == ids
    assert prepared.test_labels()[1].tolist() == dataset.test.labels.tolist()
    meta = prepared.meta
    assert (meta.name, meta.n_train, meta.n_validation, meta.n_test) == ("toy", 2400, 400, 800)
    assert meta.notes == dataset.facts.notes and meta.limit is None
    assert prepared.description().used == {"train": 2400, "validation": 400, "test": 800}


def test_test_labels_lie_apart_from_test_texts(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = prepare(TOY, tmp_path).folder
    assert pq.read_schema(folder / "test-texts.parquet").names == ["id", "text"]
    assert pq.read_schema(folder / "test-labels.parquet").names == ["id", "label"]


def test_it_is_made_once_and_found_without_the_data(tmp_path: Path) -> None:
    assert find_prepared(TOY, tmp_path) is None
    folder = prepare(TOY, tmp_path).folder
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert prepare(TOY, tmp_path).folder == folder
    found = find_prepared(TOY, tmp_path)
    assert found is not None and found.folder == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert Prepared.open(folder).test_hash == found.test_hash


def test_another_limit_column_or_content_is_another_folder(tmp_path: Path, write_csv: WriteCsv) -> None:
    path = write_csv([(*row, row[1][0]) for row in reviews()], header=("text", "label", "initial"))
    first = prepare(DatasetRef(str(path)), tmp_path / "p")
    assert prepare(DatasetRef(str(path)), tmp_path / "p", limit=10).folder != first.folder
    other = prepare(DatasetRef(str(path), Reading(label_column="initial")), tmp_path / "p")
    assert other.label_names == ("b", "g", "s")
    write_csv(reviews(66))
    assert find_prepared(DatasetRef(str(path)), tmp_path / "p") is None
    again = prepare(DatasetRef(str(path)), tmp_path / "p")
    assert again.train_hash != first.train_hash and again.revision != first.revision
    assert Prepared.open(first.folder).train_hash == first.train_hash


def test_a_limit_keeps_so_many_rows_of_each_split_with_their_ids(tmp_path: Path) -> None:
    small, whole = prepare(TOY, tmp_path, limit=30), prepare(TOY, tmp_path)
    assert (small.meta.n_train, small.meta.n_validation, small.meta.n_test, small.meta.limit) == (30, 30, 30, 30)
    rows = dict(zip(whole.train().ids, whole.train().texts, strict=True))
    train = small.train()
    assert all(rows[i] == text for i, text in zip(train.ids, train.texts, strict=True))
    assert len(set(train.labels.tolist())) == 3
    assert small.train_hash != whole.train_hash


def test_hashes_cover_ids_texts_and_labels(tmp_path: Path, write_csv: WriteCsv) -> None:
    def hashes(rows: list[tuple[str, str, str]]) -> tuple[str, str]:
        path = write_csv(rows, header=("text", "label", "split"))
        prepared = prepare(DatasetRef(str(path)), tmp_path / "p")
        return prepared.train_hash, prepared.test_hash

    rows = [(*row, ("train", "validation", "test")[i // 20]) for i, row in enumerate(reviews(60))]
    first = hashes(rows)
    reworded = [("new text", *rows[0][1:]), *rows[1:]]
    assert hashes(reworded)[0] != first[0] and hashes(reworded)[1] == first[1]
    relabelled = [*rows[:20], (rows[20][0], "bad" if rows[20][1] != "bad" else "good", "validation"), *rows[21:]]
    assert hashes(relabelled)[0] != first[0] and hashes(relabelled)[1] == first[1]
    moved = [*rows[:40], rows[41], rows[40], *rows[42:]]
    assert hashes(moved)[0] == first[0] and hashes(moved)[1] != first[1]


def test_a_damaged_or_half_written_folder_is_made_again(tmp_path: Path) -> None:
    whole = prepare(TOY, tmp_path)
    hash_before = whole.test_hash
    path = whole.folder / "test-texts.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.warns(UserWarning, match=r"test-texts.parquet is not as it was written; thrown away and made again"):
        assert find_prepared(TOY, tmp_path) is None
    with pytest.raises(DataError, match=r"of toy were altered: test-texts.parquet is not as it was written; delete"):
        Prepared.open(whole.folder).test_texts()
    leftover = tmp_path / f".{whole.folder.name}.part-abc"
    leftover.mkdir()
    (leftover / "train.parquet").write_bytes(b"half")
    with pytest.warns(UserWarning, match="thrown away"):
        assert prepare(TOY, tmp_path).test_hash == hash_before
    assert not leftover.exists()
    (whole.folder / "meta.json").write_text("{")
    with pytest.warns(UserWarning, match="meta.json cannot be read"):
        assert find_prepared(TOY, tmp_path) is None
    with pytest.raises(DataError, match="no prepared data set in"):
        Prepared.open(whole.folder)
    with pytest.warns(UserWarning):
        assert len(prepare(TOY, tmp_path).test_texts()[0]) == 800


def swap_labels(folder: Path, name: str) -> None:
    """Turn the labels of a prepared file about, as a careless script would."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(folder / name)
    labels = pa.array(table["label"].to_numpy()[::-1])
    pq.write_table(table.set_column(table.schema.get_field_index("label"), "label", labels), folder / name)


@pytest.mark.parametrize("name", ["train.parquet", "validation.parquet", "test-labels.parquet"])
def test_labels_that_were_altered_are_never_read(tmp_path: Path, name: str) -> None:
    prepared = prepare(TOY, tmp_path)
    right = prepared.test_labels()[1].tolist()
    swap_labels(prepared.folder, name)
    with pytest.raises(DataError, match=f"{name} is not as it was written"):
        prepared.test() if name.startswith("test") else prepared.training()
    with pytest.warns(UserWarning, match=f"{name} is not as it was written; thrown away"):
        assert prepare(TOY, tmp_path).test_labels()[1].tolist() == right


def test_rows_are_held_against_the_hash_that_results_tell(tmp_path: Path) -> None:
    prepared = prepare(TOY, tmp_path)
    assert prepared.test().texts == prepared.test_texts()[1]
    assert len(prepared.training()[0]) == 2400
    for name in ("train.parquet", "test-labels.parquet"):
        swap_labels(prepared.folder, name)
        hashes = prepared.meta.sha256 | {name: file_sha256(prepared.folder / name)}
        prepared = Prepared(prepared.folder, prepared.meta.model_copy(update={"sha256": hashes}))
    for read in (prepared.training, prepared.test):
        with pytest.raises(DataError, match=r"its rows do not have the hash of meta\.json; delete"):
            read()
    other = prepare(TOY, tmp_path / "other")
    renamed = other.meta.model_copy(update={"label_names": other.label_names[::-1]})
    with pytest.raises(DataError, match="do not have the hash"):
        Prepared(other.folder, renamed).test()


CODE = """
import sys
from pathlib import Path
from bench.data import DatasetRef, prepare
print(prepare(DatasetRef(sys.argv[1]), Path(sys.argv[2])).test_hash)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CODE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


def test_processes_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: run("toy", str(tmp_path / "p")), range(2)))
    assert [process.returncode for process in done] == [0, 0]
    assert len({process.stdout for process in done}) == 1
    assert len([path for path in (tmp_path / "p").iterdir() if path.is_dir()]) == 1


def test_a_killed_process_leaves_nothing_that_is_taken_for_data(tmp_path: Path, write_csv: WriteCsv) -> None:
    path = write_csv(reviews(30_000))
    command = [sys.executable, "-c", CODE, str(path), str(tmp_path / "p")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    while process.poll() is None and not list(tmp_path.glob("p/.*part-*/train.parquet")):
        time.sleep(0.005)
    process.kill()
    process.wait()
    ref = DatasetRef(str(path))
    if (found := find_prepared(ref, tmp_path / "p")) is not None:  # the rename came first
        shutil.rmtree(found.folder)
    assert prepare(ref, tmp_path / "p").meta.n_train == 24_000
    assert not list(tmp_path.glob("p/.*part-*"))


def test_a_store_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write prepared data to .*file/p: Not a directory; free space"):
        prepare(TOY, tmp_path / "file" / "p")


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    code = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);" \
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))" + CODE  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, "toy", str(tmp_path / "p")], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert "StoreError: cannot write prepared data" in done.stderr
    assert not [path for path in (tmp_path / "p").iterdir() if path.is_dir()]
    assert prepare(TOY, tmp_path / "p").meta.n_test == 800


def test_an_unpinned_source_that_changed_is_read_again(tmp_path: Path, write_set) -> None:  # type: ignore[no-untyped-def]
    rows = [f"text {i};{'xy'[i % 2]}" for i in range(40)]
    files = {"a": "\n".join([*rows, ""]).encode(), "b": b"one;x\ntwo;y\n"}
    splits = {"train": (["a"], 40, {"x": 20, "y": 20}), "test": (["b"], 2, {"x": 1, "y": 1})}
    name = write_set({"reader": "lines", "separator": ";"}, splits, files, files={"a": {}, "b": {}})
    ref = DatasetRef(name, data_dir=tmp_path / "data")
    first = prepare(ref, tmp_path / "p")
    written = (tmp_path / "data" / "b").stat().st_mtime_ns
    (tmp_path / "data" / "b").write_bytes(b"one;x\nsix;y\n")  # of one size, and as old
    os.utime(tmp_path / "data" / "b", ns=(written, written))
    assert find_prepared(ref, tmp_path / "p") is None
    assert prepare(ref, tmp_path / "p").test_hash != first.test_hash
