"""Fetching against loopback servers: what arrives whole and right is kept, everything else is not."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bench.data import DatasetRef, load
from bench.data.digest import row_hashes, rows_digest
from bench.data.fetch import fetch
from bench.errors import DataError, StoreError
from tests.conftest import ROOT, Bench
from tests.data.conftest import WriteSet
from tests.data.servers import REPO, REVISION, FileServer, HubServer, serving

LINES = {"reader": "lines", "separator": ";"}
TRAIN = [(f"train text {i}", i % 2) for i in range(4000)]
TEST = [(f"test text {i}", i % 2) for i in range(40)]
FILES = {name: "".join(f"{text};{'xy'[label]}\n" for text, label in rows).encode()
         for name, rows in (("mini/train.txt", TRAIN), ("mini/test.txt", TEST))}  # fmt: skip
SPLITS = {
    "train": (["mini/train.txt"], 4000, {"x": 2000, "y": 2000}),
    "test": (["mini/test.txt"], 40, {"x": 20, "y": 20}),
}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "data"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FileServer(dict(FILES))) as found:
        yield found


@pytest.fixture
def mini(server: FileServer, write_set: WriteSet) -> str:
    """A set whose two files lie on the server and nowhere else."""
    urls = {name: f"{server.url}/{name}" for name in FILES}
    return write_set(LINES, SPLITS, FILES, place=False, urls=urls)


def placed(cache: Path) -> list[str]:
    """The files that readers would find."""
    visible = (path for path in cache.rglob("*") if not any(part.startswith(".") for part in path.parts))
    return sorted(path.name for path in visible if path.is_file())


def test_files_are_verified_put_into_the_cache_and_found_there(mini: str, server: FileServer, cache: Path) -> None:
    fetched = fetch(mini)
    assert fetched.downloaded and fetched.missing is None
    assert sorted(fetched.paths) == [cache / "mini/test.txt", cache / "mini/train.txt"]
    assert len(load(DatasetRef(mini)).test) == 40
    assert not (cache / ".fetch-mini").exists()
    requests = len(server.log)
    assert not fetch(mini).downloaded and len(server.log) == requests


def test_a_connection_cut_in_the_middle_is_gone_on_from(mini: str, server: FileServer, cache: Path) -> None:
    server.cuts["mini/train.txt"] = 30_000
    with pytest.raises(DataError, match=r"train\.txt .*(cut at|IncompleteRead).*run the same command again"):
        fetch(mini)
    assert placed(cache) == []
    with pytest.raises(DataError, match="not found"):
        load(DatasetRef(mini))
    assert fetch(mini).missing is None
    ranges = [asked for name, asked in server.log if name == "mini/train.txt"]
    assert ranges[0] == "" and ranges[1].startswith("bytes=") and int(ranges[1][6:-1]) > 0
    assert (cache / "mini/train.txt").read_bytes() == FILES["mini/train.txt"]


def test_what_is_not_what_the_manifest_says_is_not_kept(mini: str, server: FileServer, cache: Path) -> None:
    server.files["mini/test.txt"] = FILES["mini/test.txt"].replace(b"7", b"8")
    with pytest.raises(DataError, match=r"test\.txt: SHA-256 .* where the manifest has"):
        fetch(mini)
    assert placed(cache) == []
    server.files["mini/test.txt"] = FILES["mini/test.txt"]
    assert fetch(mini).missing is None


def test_an_altered_copy_in_the_cache_is_fetched_again(mini: str, cache: Path) -> None:
    fetch(mini)
    (cache / "mini/test.txt").write_bytes(b"altered;x\n")
    with pytest.raises(DataError, match="where the manifest has"):
        load(DatasetRef(mini))
    assert fetch(mini).downloaded
    assert len(load(DatasetRef(mini)).test) == 40


def test_an_altered_copy_of_the_users_is_an_error_and_is_left_alone(mini: str, cache: Path, tmp_path: Path) -> None:
    own = tmp_path / "cwd" / "data" / "mini"
    own.mkdir(parents=True)
    for name in ("train.txt", "test.txt"):
        (own / name).write_bytes(b"mine;x\n")
    with pytest.raises(DataError, match=r"cwd/data/mini/train\.txt: 7 bytes where the manifest has"):
        fetch(mini)
    assert (own / "train.txt").read_bytes() == b"mine;x\n"


def test_no_network_is_one_line_that_says_what_to_do(mini: str, server: FileServer, cache: Path) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match=r"cannot fetch http.*train\.txt: .*refused.*check the network"):
        fetch(mini)
    assert placed(cache) == []


def test_a_missing_file_on_the_server_is_named(mini: str, server: FileServer) -> None:
    del server.files["mini/test.txt"]
    with pytest.raises(DataError, match=r"cannot fetch http.*test\.txt: HTTP 404"):
        fetch(mini)


def test_a_cache_that_cannot_be_written_is_one_line(mini: str, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write to .*cache/data: .*; free space or choose another"):
        fetch(mini)


def test_two_fetches_at_once_are_refused(mini: str, cache: Path) -> None:
    import fcntl

    cache.mkdir(parents=True)
    with (cache / ".mini.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another process is fetching"):
            fetch(mini)


def test_what_cannot_be_fetched_says_so(bench: Bench, write_set: WriteSet) -> None:
    name = write_set(LINES, SPLITS, FILES, place=False)
    with pytest.raises(DataError, match=r"'mini' cannot be fetched by this command; put its files into .* from https"):
        fetch(name)
    done = bench("data", "fetch", "toy")
    assert done.returncode == 2 and "'toy' is generated and always there" in done.stderr
    done = bench("data", "fetch", "toyota")
    assert done.returncode == 2 and "did you mean 'toy'?" in done.stderr


CODE = """
import sys
from pathlib import Path
from bench.data import manifest
manifest.SETS = Path(sys.argv[1])
from bench.data.fetch import fetch
from bench.errors import BenchError
try:
    print(*fetch("mini").paths)
except BenchError as error:
    sys.exit(f"error: {error}")
"""


CARD = """---
configs:
- config_name: split
  data_files:
  - split: train
    path: split/train-*
  - split: test
    path: split/test-*
---
A card.
"""


def hub_files(train: list[tuple[str, int]] = TRAIN) -> dict[str, bytes]:
    found = {"README.md": CARD.encode()}
    for name, rows in (("train", train), ("test", TEST)):
        buffer = io.BytesIO()
        pq.write_table(pa.table({"text": [text for text, _ in rows], "label": [label for _, label in rows]}), buffer)
        found[f"split/{name}-00000-of-00001.parquet"] = buffer.getvalue()
    return found


HUB = {"repo": REPO, "revision": REVISION, "config": "split", "splits": {"train": "train", "test": "test"},
       "labels": ["x", "y"]}  # fmt: skip


def run_fetch(tmp_path: Path, endpoint: str, **environment: str) -> subprocess.CompletedProcess[str]:
    hub = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DOWNLOAD_TIMEOUT": "5",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "sets")], env=os.environ | hub | environment,
        capture_output=True, text=True, cwd=tmp_path / "cwd", timeout=240,
    )  # fmt: skip


needs_datasets = pytest.mark.skipif(
    importlib.util.find_spec("datasets") is None, reason="the optional package 'datasets' is not installed"
)


@needs_datasets
def test_a_set_of_the_hub_is_written_as_its_publisher_writes_it(
    write_set: WriteSet, tmp_path: Path, cache: Path
) -> None:
    name = write_set(LINES, SPLITS, FILES, place=False, hub=HUB)
    with serving(HubServer(hub_files())) as hub:
        hub.cuts["split/train-00000-of-00001.parquet"] = 2000
        first = run_fetch(tmp_path, hub.url)
        if first.returncode != 0:  # the client may go on by itself, or leave it to the next call
            assert "run the same command again" in first.stderr.splitlines()[-1]
            assert placed(cache) == []
            first = run_fetch(tmp_path, hub.url)
    assert first.returncode == 0, first.stderr
    assert {name: (cache / name).read_bytes() for name in FILES} == FILES
    assert len(load(DatasetRef(name)).test) == 40


@needs_datasets
def test_a_set_of_the_hub_with_another_row_is_refused(write_set: WriteSet, tmp_path: Path, cache: Path) -> None:
    write_set(LINES, SPLITS, FILES, place=False, hub=HUB)
    with serving(HubServer(hub_files([("another text", 0), *TRAIN[1:]]))) as hub:
        done = run_fetch(tmp_path, hub.url)
    assert done.returncode == 1 and "where the manifest has" in done.stderr.splitlines()[-1]
    assert placed(cache) == []


@needs_datasets
def test_offline_the_hub_is_one_line(write_set: WriteSet, tmp_path: Path, cache: Path) -> None:
    write_set(LINES, SPLITS, FILES, place=False, hub=HUB)
    done = run_fetch(tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert f"error: cannot fetch 'mini' from the hub ({REPO} at 01234567)" in last and "check the network" in last
    assert placed(cache) == []


def fetched_as_parquet(train: list[tuple[str, int]]) -> dict[str, Any]:
    """As imdb: the published tar cannot be made again, so the rows are pinned by their digest."""
    parts = {
        name: {"files": ["a.tar"], "rows": len(rows), "counts": {"x": len(rows) // 2, "y": len(rows) // 2},
               "digest": rows_digest(row_hashes((t for t, _ in rows), (label for _, label in rows)))}
        for name, rows in (("train", train), ("test", TEST))
    }  # fmt: skip
    layout = {"reader": "parquet", "text_column": "text", "label_column": "label"}
    return {"splits": parts, "sort_rows": True,
            "fetched": {"layout": layout, "files": {n: [f"mini/{n}.parquet"] for n in parts}}}  # fmt: skip


@needs_datasets
def test_rows_in_another_order_are_the_same_set_where_the_digest_says_so(
    write_set: WriteSet, tmp_path: Path, cache: Path
) -> None:
    tar = {"a.tar": b"not here"}
    name = write_set({"reader": "tar"}, SPLITS, tar, place=False, hub=HUB, **fetched_as_parquet(TRAIN))
    with serving(HubServer(hub_files(TRAIN[::-1]))) as hub:
        done = run_fetch(tmp_path, hub.url)
    assert done.returncode == 0, done.stderr
    assert placed(cache) == ["test.parquet", "train.parquet"]
    data = load(DatasetRef(name))
    assert sorted(data.train.texts + data.validation.texts) == sorted(text for text, _ in TRAIN)


@needs_datasets
def test_other_rows_are_refused_by_their_digest(write_set: WriteSet, tmp_path: Path, cache: Path) -> None:
    write_set({"reader": "tar"}, SPLITS, {"a.tar": b""}, place=False, hub=HUB, **fetched_as_parquet(TRAIN))
    with serving(HubServer(hub_files([("another text", 0), *TRAIN[1:]]))) as hub:
        done = run_fetch(tmp_path, hub.url)
    assert done.returncode == 1 and "the rows of train are not the manifest's" in done.stderr.splitlines()[-1]
    assert placed(cache) == []


@pytest.mark.parametrize(("package", "more"), [("datasets", {"hub": HUB}), ("kagglehub", {"kaggle": "someone/mini",
                                               "kaggle_files": {n: n for n in FILES}})])  # fmt: skip
def test_a_missing_package_is_named_with_how_to_get_it(
    write_set: WriteSet, tmp_path: Path, package: str, more: dict[str, Any]
) -> None:
    write_set(LINES, SPLITS, FILES, place=False, **more)
    code = f"import sys; sys.modules[{package!r}] = None" + CODE
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "sets")], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    assert f"the package '{package}' is needed: pip install -r requirements-hub.txt" in done.stderr


def test_every_published_set_can_be_fetched_or_says_from_where() -> None:
    for path in sorted((ROOT / "bench" / "data" / "sets").glob("*.yaml")):
        sheet = yaml.safe_load(path.read_text())
        ways = [sheet.get("hub"), sheet.get("kaggle"), sheet.get("urls")]
        if path.stem in ("toy", "sentiment140-100k", "tweeteval-sentiment-rebuilt") or path.stem.startswith("hutto-"):
            assert not any(ways)
        else:
            assert sum(map(bool, ways)) == 1, path.stem
        if sheet.get("hub"):
            assert len(sheet["hub"]["revision"]) == 40
        for address in (sheet.get("urls") or {}).values():
            assert any(len(part) == 40 and int(part, 16) for part in address.split("/") if len(part) == 40), address


def test_digests_do_not_depend_on_order_and_see_everything_else() -> None:
    rows = row_hashes(["a", "b", "b"], [0, 1, 1])
    assert rows_digest(rows) == rows_digest(rows[::-1])
    for other in (
        row_hashes(["a", "b"], [0, 1]),
        row_hashes(["a", "b", "b"], [0, 1, 0]),
        row_hashes(["a", "b", "c"], [0, 1, 1]),
    ):
        assert rows_digest(other) != rows_digest(rows)
    assert rows_digest([]) == hashlib.sha256(b"").hexdigest()
