"""What a stream writes to: nothing gone, cut, another's or no file; rows are on the disk before the checkpoint."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.api import BenchError
from serving.commands.stream import stream
from serving.stream.checkpoint import Checkpoint, State
from serving.stream.database import SqliteSink
from serving.stream.sinks import JsonLinesSink, ParquetSink, Sink, columns
from tests.conftest import RECIPES
from tests.serving.conftest import Trained
from tests.serving.streaming import Streaming, check_each_once, count_lines, many, rows_of, streams, write_lines


@pytest.fixture
def streaming(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Streaming]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    write_lines(tmp_path / "in.jsonl", many(trained, 40))
    with streams(trained, tmp_path) as started:
        yield started


FILE = ("--source", "file", "-i", "in.jsonl", "-o")


def refused(streaming: Streaming, output: str, kind: str | None = None) -> str:
    """Why a stream to `output` ends before it begins."""
    store, recorded = streaming.trained.folder / "store", Path("in.jsonl")
    with pytest.raises(BenchError) as error:
        stream(streaming.trained.run, Path(output), "file", path=recorded, output_kind=kind, store=store)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["out.jsonl", "out.sqlite", "out.parquet"])
def test_an_output_that_is_gone_is_not_begun_anew(streaming: Streaming, name: str) -> None:
    assert streaming.run(*FILE, name, "--flush-s", "0", "--max-batch", "16") == 0, streaming.stderr
    out, kept = Path(name), Path("kept")
    out.rename(kept)
    message = refused(streaming, name)
    assert (
        message.startswith(f"{name} holds less than was written there")
        and "to start over" in message
        and not out.exists()
    )
    if kept.is_dir():
        shutil.copytree(kept, out)
        sorted(out.iterdir())[-1].unlink()
    elif name == "out.jsonl":
        out.write_bytes(kept.read_bytes()[:-20])
    else:
        shutil.copy(kept, out)
        with contextlib.closing(sqlite3.connect(out)) as database:
            database.execute("DELETE FROM posts WHERE rowid > 30")
            database.commit()
    assert refused(streaming, name).startswith(f"{name} holds less")
    shutil.rmtree(out) if out.is_dir() else out.unlink()
    kept.rename(out)
    assert streaming.run(*FILE, name) == 0 and "0 posts" in streaming.stderr.splitlines()[-1]
    check_each_once(rows_of(out), 40)


def test_what_is_not_of_a_stream_is_named_and_kept(streaming: Streaming) -> None:
    assert streaming.run(*FILE, "out.jsonl") == 0 and streaming.run(*FILE, "out.parquet") == 0, streaming.stderr
    out, part = Path("out.jsonl"), Path("out.parquet/part-00000001.parquet")
    whole = out.read_bytes()
    for alien in (b"a note\n", b"a note", b"[1]\n", b'{"id": "1"}\n', b"[" * 100_000 + b"\n", b"\xff\n"):
        out.write_bytes(whole + alien)
        assert f"out.jsonl: what stands at byte {len(whole):,} is not of a stream" in refused(streaming, "out.jsonl")
        assert out.read_bytes() == whole + alien
    out.write_bytes(whole.replace(b"\n", b" ") + whole)
    assert "is not of a stream" in refused(streaming, "out.jsonl")
    part.write_bytes(b"PAR1, so to say")
    assert refused(streaming, "out.parquet").startswith(f"{part} is not of a stream")


def test_only_regular_files_of_a_stream_are_added_to(streaming: Streaming) -> None:
    os.mkfifo("pipe.jsonl")
    Path("folder.jsonl").mkdir()
    Path("file.parquet").write_text("mine")
    Path("notes.jsonl").write_text('{"mine": 1}\n')
    Path("photos.parquet").mkdir()
    (Path("photos.parquet") / ".part-of-my.jpg").write_text("mine")
    with contextlib.closing(sqlite3.connect("theirs.sqlite")) as database:
        database.execute("CREATE TABLE theirs (a)")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    for name in ("/dev/null", "pipe.jsonl", "folder.jsonl"):
        assert refused(streaming, name, "jsonl").startswith(f"{name} is no regular file")
    assert "writes Parquet as a folder" in refused(streaming, "file.parquet")
    for name in ("notes.jsonl", "photos.parquet", "theirs.sqlite"):
        assert f"{name} holds what its folder {name}.state does not know" in refused(streaming, name)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert not list(Path().glob("*.state")) and not Path("/dev/null.state").exists()


def test_a_link_is_followed(streaming: Streaming) -> None:
    Path("there").mkdir()
    Path("out.jsonl").symlink_to("there/real.jsonl")
    Path("again.jsonl").symlink_to("out.jsonl")
    assert streaming.run(*FILE, "out.jsonl") == 0, streaming.stderr
    assert Path("out.jsonl").is_symlink() and count_lines(Path("there/real.jsonl")) == 40
    assert Path("there/real.jsonl.state").is_dir() and not Path("out.jsonl.state").exists()
    assert streaming.run(*FILE, "again.jsonl") == 0 and "0 posts" in streaming.stderr.splitlines()[-1]


def test_a_kill_between_rows_and_checkpoint_loses_nothing(streaming: Streaming) -> None:
    """No file may be larger than the state ever is, and rows soon are: they fail, where a checkpoint would not."""
    write_lines(Path("in.jsonl"), many(streaming.trained, 1_000))
    command = [*FILE, "out.jsonl", "--flush-s", "0.001", "--max-batch", "64"]
    process = streaming.start(*command)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (250_000, resource.RLIM_INFINITY))
    streaming.until(lambda: "the disk is full" in streaming.stderr, "a full disk")
    streaming.kill()
    assert 100 < count_lines(Path("out.jsonl")) < 1_000
    assert Path("out.jsonl.state/state.db").stat().st_size < 200_000, "it had room"
    assert streaming.run(*command) == 0, streaming.stderr
    check_each_once(rows_of(Path("out.jsonl")), 1_000)


@pytest.mark.parametrize("kind", [JsonLinesSink, ParquetSink])
def test_what_was_written_is_on_the_disk(kind: type[Sink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: dict[str, int] = {}
    really = os.fsync

    def fsync(descriptor: int) -> None:
        really(descriptor)
        found = os.fstat(descriptor)
        flushed[found.st_ino] = found.st_size

    sink = kind(tmp_path / "out")  # type: ignore[call-arg]
    monkeypatch.setattr(os, "fsync", fsync)
    for number in range(3):
        sink.append([dict.fromkeys(columns(["a"])) | {"id": str(number), "event": "post"}])
        for path in (tmp_path / "out", *(tmp_path / "out").glob("*")):
            assert path.is_dir() or flushed[path.stat().st_ino] == path.stat().st_size
    sink.close()


def test_a_database_is_on_the_disk_when_a_transaction_ends(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "out.sqlite", ["a"])
    assert sink._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert sink._database.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
    sink.close()


def test_the_state_that_an_earlier_version_left_is_gone_on_from(tmp_path: Path) -> None:
    """Its table and names stay: each field is a row, its value as JSON."""
    stored = {"source": "file in", "labels": ["a", "b"], "position": 7, "head": [3, "9f"], "place": 5}
    database = sqlite3.connect(tmp_path / "state.db")
    database.execute("CREATE TABLE told (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    database.executemany(
        "INSERT INTO told VALUES (?, ?)", [(name, json.dumps(value)) for name, value in stored.items()]
    )
    database.commit()
    checkpoint = Checkpoint(tmp_path, 10)
    assert checkpoint.state == State("file in", ["a", "b"], 7, (3, "9f"), 5)
    checkpoint.advance(8, 6)
    checkpoint.close()
    found = {name: json.loads(value) for name, value in database.execute("SELECT name, value FROM told")}
    assert found == stored | {"position": 8, "place": 6}
    database.execute("UPDATE told SET value = '3' WHERE name = 'labels'")
    database.commit()
    with pytest.raises(BenchError, match=r"cannot be used: .*labels"):
        Checkpoint(tmp_path, 10)


def test_rows_read_back_are_those_of_the_stream(tmp_path: Path) -> None:
    """A torn line of the stream itself, at any place of it, is cut off."""
    path = tmp_path / "out.jsonl"
    row = dict.fromkeys(columns(["a"])) | {"id": "1", "event": "post"}
    line = (json.dumps(row) + "\n").encode()
    for end in range(len(line)):
        path.write_bytes(line + line[:end])
        sink = JsonLinesSink(path)
        assert [found["id"] for found in sink.recover(0)] == ["1"] and path.read_bytes() == line
        sink.close()
