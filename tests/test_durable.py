"""Writing whole or not at all: against a full disk, another file system, many writers and readers at once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.artifact import adopt, is_intact
from bench.durable import temporaries, write_atomic, write_together
from bench.errors import StoreInUseError
from bench.store import Store
from tests.report.synthetic import Model, result

WRITERS = 10
SIZE = 200_000


def limited(code: str, folder: Path) -> int:
    """The exit code of `code`, which can write 10 bytes a file."""
    start = "import resource, sys; from pathlib import Path; from bench.durable import write_atomic, write_together;"
    start += "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); folder = Path(sys.argv[1]);"
    return subprocess.run([sys.executable, "-c", start + code, str(folder)], capture_output=True).returncode


@pytest.mark.parametrize(
    "code",
    [
        "write_atomic(folder / 'last', b'x' * 100)",
        "write_together(folder, {'first': b'new', 'last': b'x' * 100})",
        "write_together(folder, {'first': b'x' * 100, 'last': b'new'})",
    ],
)
def test_the_old_files_stay_when_a_new_one_does_not_fit(tmp_path: Path, code: str) -> None:
    write_together(tmp_path, {"first": b"old", "last": b"old"})
    assert limited(code, tmp_path) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"first": b"old", "last": b"old"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


def test_an_artifact_is_adopted_into_another_file_system(tmp_path: Path, elsewhere: Path) -> None:
    made = tmp_path / "made"
    (made / "tokenizer").mkdir(parents=True)
    (made / "model.bin").write_bytes(b"weights")
    (made / "tokenizer" / "words.txt").write_text("a\nb")
    name = adopt(made, elsewhere / "artifacts")
    assert is_intact(elsewhere / "artifacts" / name)
    assert not made.exists() and temporaries(elsewhere / "artifacts") == []
    assert (elsewhere / "artifacts" / name).stat().st_mode & 0o777 == 0o755


def _write_again_and_again(path: Path, writer: int) -> None:
    for _ in range(20):
        write_atomic(path, bytes([writer]) * SIZE)


def test_a_reader_sees_one_whole_file_of_ten_writers(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, bytes([0]) * SIZE)
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write_again_and_again, args=(path, writer)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        content = path.read_bytes()
        seen.add((len(content), len(set(content))))
    assert seen == {(SIZE, 1)}
    assert {writer.exitcode for writer in writers} == {0}
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def _put_when_free(root: Path, writer: int) -> None:
    store = Store(root)
    while True:
        try:
            with store.lock():
                (root / "holder").touch(exist_ok=False)
                store.put(*result(Model("linear"), seed=writer, n=40))
                (root / "holder").unlink()
                return
        except StoreInUseError as error:
            assert f"process {os.getpid()}" not in str(error)
            time.sleep(0.01)


def test_ten_writers_take_turns_at_one_store_and_lose_no_row(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_put_when_free, args=(tmp_path / "store", writer)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {writer.exitcode for writer in writers} == {0}
    assert len(list(Store(tmp_path / "store").read_all())) == WRITERS


def test_what_killed_writes_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made, arrays = result(Model("linear"), n=40)
    store.put(made, arrays)
    left = [store.results / ".x.json.abcd1234", store.folder(made.run_id) / ".result.json.0_z9abcd"]
    left += [store.keys / ".k.json.abcd1234", store.artifacts / ".copy.abcd1234" / "model.bin", store.work / "a" / "b"]
    kept = [store.keys / "k.json", store.artifacts / "whole" / ".config", store.cache / ".t.npz.abcd1234"]
    for path in left + kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    store.sweep()
    assert not [path for path in left if path.exists()]
    assert all(path.exists() for path in kept)
    assert store.arrays(made.run_id, "predictions").keys() == arrays.keys()
