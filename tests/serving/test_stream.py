"""A stream: each post once through disconnections and kills, notices, a full disk, drift, every source."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.data import Prepared
from bench.store import Store
from serving.stream.backoff import Backoff
from serving.stream.drift import psi
from serving.stream.lines import LONGEST, split
from serving.stream.posts import Malformed, Message, Notice, Post, parse
from tests.conftest import bench_environment
from tests.forks import fork
from tests.serving.conftest import Trained
from tests.serving.streaming import (
    FIRST,
    MINUTE_S,
    Streaming,
    as_x,
    check_each_once,
    count_lines,
    many,
    post,
    rows_of,
    streams,
    write_lines,
)  # fmt: skip
from tests.serving.x_api import XApi, serving_x


@pytest.fixture
def streaming(trained: Trained, tmp_path: Path) -> Iterator[Streaming]:
    with streams(trained, tmp_path) as started:
        yield started


def _through_trouble(streaming: Streaming, n: int, drops: int, kills: int, rate: float, minute_s: float) -> str:
    """n posts through X: dropped, refused, malformed, sent twice, the consumer killed. What the summary says."""
    lines = [as_x(found) for found in many(streaming.trained, n)]
    for place in range(n - 7, 0, -n // 23):
        lines.insert(place, [b'{"data": {"id": "1', lines[place], b"[]"][place % 3])
    at = [(i + 1) * len(lines) // (drops + 1) for i in range(drops)]
    api = XApi(
        lines, rate, minute_s, [(place, ("cut", "end")[i % 2]) for i, place in enumerate(at)],
        after_drop={2: (503, {}), 3: (429, {"Retry-After": "1"}), 5: (429, {}), 7: (503, {"Retry-After": "1"})},
    )  # fmt: skip
    command = [
        "--query", "covid", "-o", "out.jsonl", "--backfill", "5", "--queue", "2000", "--log-every", "2", "--api-url",
    ]  # fmt: skip
    out = streaming.folder / "out.jsonl"
    with serving_x(api):
        scale = {"SENTIBENCH_TIME_SCALE": str(minute_s / 60)}
        streaming.start(*command, api.address, **scale)
        for i in range(kills):
            enough = int((i + 0.8) * n / (kills + 1))
            streaming.until(lambda enough=enough: count_lines(out) > enough, f"{enough:,} posts", 300)
            time.sleep(0.3)  # some more are on their way, or wait to be written
            streaming.kill()
            assert api.rules, "nobody was left to remove the rules"
            streaming.start(*command, api.address, **scale)
        streaming.until(lambda: api.done and count_lines(out) >= n, "the end", 300)
        assert streaming.stop() == 0 and not api.rules
    assert api.dropped == drops < api.connected
    check_each_once(rows_of(out), n)
    return f"{streaming.stderr.splitlines()[-1]} [{api.connected} connections, {api.sent:,} lines sent]"


def test_no_post_is_lost_or_written_twice(streaming: Streaming) -> None:
    summary = _through_trouble(streaming, 5_000, 5, 1, rate=4_000, minute_s=MINUTE_S)
    assert "5,000 posts" not in summary and re.search(r"[1-9]\d* duplicates", summary)
    rejected = rows_of(streaming.folder / "out.jsonl.state" / "rejects.jsonl")
    assert {row["problem"] for row in rejected} == {"not JSON", "a list where an object is needed"}
    assert (
        "X answers 503" in streaming.stderr and "X answers 429: come back later; next try in 1.0 s" in streaming.stderr
    )


@pytest.mark.slow
def test_a_hundred_thousand_posts_through_twenty_disconnections_and_three_kills(streaming: Streaming) -> None:
    print(_through_trouble(streaming, 100_000, 20, 3, rate=3_000, minute_s=2.0))


def test_a_slow_reader_makes_x_wait(streaming: Streaming) -> None:
    api = XApi([as_x(found) for found in many(streaming.trained, 3_000)], rate=1e6)
    with serving_x(api):
        streaming.start(
            "--query", "covid", "-o", "out.jsonl", "--api-url", api.address, "--queue", "50", "--max-batch", "8",
            "--log-every", "0.1",
        )  # fmt: skip
        streaming.until(lambda: count_lines(streaming.folder / "out.jsonl") == 3_000, "all posts")
        assert streaming.stop() == 0
    queued = [int(n) for n in re.findall(r"queue (\d+)", streaming.stderr)]
    assert queued and max(queued) <= 50
    check_each_once(rows_of(streaming.folder / "out.jsonl"), 3_000)


def test_x_is_asked_for_the_minutes_that_were_missed(streaming: Streaming) -> None:
    lines = [as_x(found) for found in many(streaming.trained, 300)]
    api = XApi(lines, rate=1_000, drops=[(100, "cut"), (200, "end")], answers=deque([(503, {})]))
    api.after_drop = {1: (429, {"x-rate-limit-reset": "2"})}
    api.rules = {"7": {"value": "other", "tag": "of somebody"}}
    with serving_x(api):
        streaming.start("--query", "covid", "-o", "out.jsonl", "--api-url", api.address, "--backfill", "3")
        streaming.until(lambda: count_lines(streaming.folder / "out.jsonl") == 300, "all posts")
        assert streaming.stop() == 0
        assert api.rules == {"7": {"value": "other", "tag": "of somebody"}}
    times, minutes = zip(*api.requests, strict=True)
    assert minutes == (3, 3, 1, 3, 1), "all there is at first, then what was missed, three minutes of .5 s and more"
    assert times[3] - times[2] > 0.9, "until the limit is reset"
    assert "rules of others (1)" in streaming.stderr


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (("--query", "a"), {"X_BEARER_TOKEN": ""}, "put it in the environment as X_BEARER_TOKEN"),
        (("--query", "a"), {"X_BEARER_TOKEN": "wrong"}, "X refuses the token (401): Unauthorized"),
        (("--query", "(covid"), {}, "X refuses the rule '(covid': no viable alternative at input '<EOF>'"),
        ((), {}, "give one with --query"),
        (("--source", "tpc"), {}, "did you mean 'tcp'?"),
        (("--source", "file", "-i", "none.jsonl"), {}, "none.jsonl: cannot be read: No such file"),
        (("--source", "tcp"), {}, "--source tcp needs --listen or --connect"),
        (("--source", "tcp", "--listen", "TAKEN"), {}, "cannot listen on"),
        (("--source", "stdin", "-o", "out.xlsx"), {}, "unknown format 'xlsx'"),
    ],
)  # fmt: skip
def test_what_cannot_be_streamed_is_one_line(
    streaming: Streaming, options: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    with serving_x(XApi([])) as api, socket.create_server(("127.0.0.1", 0)) as taken:
        given = [f"127.0.0.1:{taken.getsockname()[1]}" if option == "TAKEN" else option for option in options]
        code = streaming.run("-o", "out.jsonl", "--api-url", api.address, *given, **environment)
    assert code == 2 and message in streaming.stderr and len(streaming.stderr.splitlines()) == 1, streaming.stderr
    assert not api.rules


@pytest.mark.parametrize("name", ["out.jsonl", "out.sqlite", "out.parquet"])
def test_notices_take_texts_away(streaming: Streaming, name: str) -> None:
    posts = [post(i, f"words of {i}") for i in range(6)]
    first = [*posts[:4], {"data": {"delete": {"tweet": {"id": posts[0]["id"], "author_id": "0"}}}}]
    then = [
        {"delete": {"status": {"id": FIRST + 1, "id_str": str(FIRST + 1)}}},
        {"data": {"withheld": {"tweet": {"id": posts[2]["id"]}, "withheld_in_countries": ["XY"]}}},
        {"data": {"user_delete": {"user": {"id": posts[3]["author_id"]}}}},
        {"data": {"delete": {"tweet": {"id": posts[4]["id"]}}}}, posts[4], posts[5],
        {"data": {"undrop": {"tweet": {"id": posts[0]["id"]}}}},
    ]  # fmt: skip
    source = streaming.folder / "in.jsonl"
    write_lines(source, first)
    assert streaming.run("--source", "file", "-i", "in.jsonl", "-o", name) == 0
    write_lines(source, [*first, *then])
    assert streaming.run("--source", "file", "-i", "in.jsonl", "-o", name) == 0, streaming.stderr
    rows = rows_of(streaming.folder / name)
    events = [(row["event"], row["id"] and int(row["id"]) - FIRST, row["text"]) for row in rows]
    if name == "out.sqlite":
        assert events == [
            ("deleted", 0, None), ("deleted", 1, None), ("withheld", 2, None), ("deleted", 3, None),
            ("deleted", 4, None), ("post", 5, "words of 5"),
        ]  # fmt: skip
        assert b"words of 1" not in (streaming.folder / name).read_bytes()
    else:
        assert events[0] == ("post", 0, None), "deleted before it was written"
        assert events[1:4] == [("post", i, f"words of {i}") for i in (1, 2, 3)]
        assert events[4:] == [
            ("deleted", 0, None), ("deleted", 1, None), ("withheld", 2, None), ("deleted", None, None),
            ("deleted", 4, None), ("post", 5, "words of 5"),
        ]  # fmt: skip
        assert rows[7]["author_id"] == "3"


@pytest.mark.parametrize("name", ["out.jsonl", "out.sqlite", "out.parquet"])
def test_a_killed_replay_goes_on_where_it_was(streaming: Streaming, name: str) -> None:
    posts = many(streaming.trained, 3_000)
    write_lines(streaming.folder / "in.jsonl", [*posts[:1000], *posts[500:]])
    out = streaming.folder / name
    command = ["--source", "file", "-i", "in.jsonl", "-o", name, "--flush-s", "0.1", "--max-batch", "64"]
    streaming.start(*command, "--rate", "2000")
    streaming.until(lambda: out.exists() and (not out.is_dir() or len(list(out.iterdir())) > 3), "some parts")
    time.sleep(0.2)
    streaming.kill()
    state, early = streaming.folder / f"{name}.state", streaming.folder / "early.state"
    shutil.copytree(state, early)
    assert streaming.run(*command) == 0, streaming.stderr
    check_each_once(rows_of(out), 3_000)
    # as if it had been killed between the last rows and the checkpoint, in the middle of a write
    shutil.rmtree(state)
    early.rename(state)
    if name == "out.jsonl":
        with out.open("ab") as file:
            file.write(b'{"id": "17000000000000')
    elif name == "out.parquet":
        (out / ".part-00000099.parquet.tmp").write_bytes(b"PAR1")
    assert streaming.run(*command) == 0, streaming.stderr
    check_each_once(rows_of(out), 3_000)
    assert name != "out.jsonl" or out.read_bytes().endswith(b"}\n")
    assert streaming.run(*command) == 0 and "0 posts → " in streaming.stderr.splitlines()[-1]
    write_lines(streaming.folder / "in.jsonl", posts[7:])
    assert streaming.run(*command) == 2 and "is another one than before" in streaming.stderr


def _by_file(streaming: Streaming, lines: bytes) -> None:
    (streaming.folder / "in.jsonl").write_bytes(lines)
    started = time.monotonic()
    assert streaming.run("--source", "file", "-i", "in.jsonl", "-o", "out.jsonl", "--rate", "400") == 0
    assert time.monotonic() - started > (lines.count(b"\n") - 1) / 400


def _by_stdin(streaming: Streaming, lines: bytes) -> None:
    pipe = streaming.folder / "pipe"
    os.mkfifo(pipe)
    process = streaming.start("--source", "stdin", "-o", "out.jsonl", stdin=str(pipe))
    pipe.write_bytes(lines.rstrip(b"\n"))
    assert process.wait(60) == 0


def _by_tcp_listening(streaming: Streaming, lines: bytes) -> None:
    streaming.start("--source", "tcp", "--listen", "127.0.0.1:0", "-o", "out.jsonl")
    streaming.until(lambda: "listening on" in streaming.stderr, "listening")
    port = int(re.search(r"listening on 127.0.0.1:(\d+)", streaming.stderr)[1])  # type: ignore[index]
    half = lines.index(b"\n", len(lines) // 2) + 1
    with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as two:
        one.sendall(lines[:half])
        streaming.until(lambda: count_lines(streaming.folder / "out.jsonl") > 0, "a row")
        two.sendall(lines[half:] + b"\xff half a li")
        streaming.until(lambda: count_lines(streaming.folder / "out.jsonl") == lines.count(b"\n"), "all rows")
    assert streaming.stop() == 0


def _by_tcp_connecting(streaming: Streaming, lines: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        streaming.start("--source", "tcp", "--connect", address, "-o", "out.jsonl")
        half = lines.index(b"\n", len(lines) // 2) + 1
        for part in (lines[:half], lines[half:]):
            connection, _ = server.accept()
            with connection:
                connection.sendall(part)
        streaming.until(lambda: count_lines(streaming.folder / "out.jsonl") == lines.count(b"\n"), "all rows")
        assert streaming.stop() == 0
    assert "0 reconnections" not in streaming.stderr.splitlines()[-1]


@pytest.mark.parametrize("door", [_by_file, _by_stdin, _by_tcp_listening, _by_tcp_connecting])
def test_every_source_gives_the_stored_predictions(
    streaming: Streaming, trained: Trained, door: Callable[[Streaming, bytes], None]
) -> None:
    lines = [json.dumps({"id": i, "text": text}).encode() + b"\n" for i, text in enumerate(trained.texts)]
    door(streaming, b"".join(lines))
    rows = sorted(rows_of(streaming.folder / "out.jsonl"), key=lambda row: int(row["id"]))
    assert [row["text"] for row in rows] == trained.texts
    got = np.array([[row[f"p_{label}"] for label in trained.labels] for row in rows])
    assert np.abs(got - trained.probabilities).max() < 1e-5
    assert [row["predicted"] for row in rows] == [trained.labels[i] for i in trained.probabilities.argmax(axis=1)]


def test_posts_without_an_id_and_lines_that_are_none(streaming: Streaming) -> None:
    good = [b'{"text": "a"}', b'{"text": "a"}', b'{"tweet": "b"}']
    bad = [b'{"text": 3}', b"\xff", b"[" * 100_000, b'{"text": "\\ud800"}', b"x" * (LONGEST + 70_000), b"", b"3"]
    write_lines(streaming.folder / "in.jsonl", [*good[:1], *bad, *good[1:]])
    assert streaming.run("--source", "file", "-i", "in.jsonl", "-o", "out.jsonl") == 0, streaming.stderr
    assert [row["text"] for row in rows_of(streaming.folder / "out.jsonl")] == ["a", "a"]
    problems = [row["problem"] for row in rows_of(streaming.folder / "out.jsonl.state" / "rejects.jsonl")]
    assert problems[:4] == ["the text is a int", "not JSON", "not JSON", "not UTF-8"]
    assert problems[4].startswith(f"a line of {LONGEST + 70_000:,} bytes") and problems[5:] == [
        "a int where an object is needed",
        "no text",
    ]


def test_one_output_has_one_stream(streaming: Streaming, trained: Trained) -> None:
    write_lines(streaming.folder / "in.jsonl", many(trained, 50))
    first = streaming.start("--source", "file", "-i", "in.jsonl", "-o", "out.jsonl", "--rate", "1")
    streaming.until((streaming.folder / "out.jsonl.state" / "rejects.jsonl").exists, "the state")
    assert (
        streaming.run("--source", "stdin", "-o", "out.jsonl") == 2 and "another stream writes there" in streaming.stderr
    )
    first.terminate()
    assert first.wait(timeout=60) == 0
    assert (
        streaming.run("--source", "stdin", "-o", "out.jsonl") == 2 and "the output has source file" in streaming.stderr
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("name", ["out.jsonl", "out.sqlite", "out.parquet"])
def test_a_full_disk_pauses_the_stream(streaming: Streaming, small_disk: Path, name: str) -> None:
    n = 1_500
    write_lines(streaming.folder / "in.jsonl", many(streaming.trained, n))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(900_000))
    command = ["--source", "file", "-i", "in.jsonl", "-o", f"disk/{name}", "--flush-s", "0.05", "--max-batch", "128"]
    streaming.start(*command)
    streaming.until(lambda: "the disk is full" in streaming.stderr, "a full disk")
    assert "room again" not in streaming.stderr
    assert name != "out.jsonl" or (small_disk / name).read_bytes()[-2:] in (b"", b"}\n"), "half a line"
    ballast.unlink()
    assert streaming.running[-1].wait(timeout=60) == 0 and "room again" in streaming.stderr
    check_each_once(rows_of(small_disk / name), n)


def test_who_stops_a_paused_stream_loses_nothing(streaming: Streaming, small_disk: Path) -> None:
    n = 1_500
    write_lines(streaming.folder / "in.jsonl", many(streaming.trained, n))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(900_000))
    command = ["--source", "file", "-i", "in.jsonl", "-o", "disk/out.jsonl", "--flush-s", "0.05"]
    streaming.start(*command)
    streaming.until(lambda: "the disk is full" in streaming.stderr, "a full disk")
    assert streaming.stop() == 2 and "stopped while the disk is full" in streaming.stderr.splitlines()[-1]
    ballast.unlink()
    assert streaming.run(*command) == 0
    check_each_once(rows_of(small_disk / "out.jsonl"), n)


@pytest.mark.parametrize("shifted", [False, True])
def test_a_shifted_stream_raises_the_alarm(streaming: Streaming, trained: Trained, shifted: bool) -> None:
    texts = trained.texts
    if shifted:
        most = trained.labels[int(np.bincount(trained.probabilities.argmax(axis=1)).argmax())]
        place = trained.labels.index(most)
        texts = [text for text, p in zip(texts, trained.probabilities, strict=True) if p.argmax() == place]
    lines = [post(i, text) for i, text in enumerate(texts * (1 + 1_200 // len(texts)))]
    write_lines(streaming.folder / "in.jsonl", lines)
    command = ["--source", "file", "-i", "in.jsonl", "-o", "out.jsonl", "--log-every", "0.1", "--rate", "2000"]
    assert streaming.run(*command) == 0
    assert ("drift alarm: stability index of labels" in streaming.stderr) == shifted
    assert shifted or "; stable (" in streaming.stderr


def test_drift_is_measured_against_what_is_given(streaming: Streaming, trained: Trained) -> None:
    scored = {f"p_{label}": trained.probabilities[:, i] for i, label in enumerate(trained.labels)}
    pd.DataFrame(scored).to_parquet(streaming.folder / "scored.parquet")
    write_lines(streaming.folder / "in.jsonl", many(trained, 10))
    command = ["--source", "file", "-i", "in.jsonl"]
    assert streaming.run(*command, "-o", "a.jsonl", "--reference", "scored.parquet") == 0
    assert "drift is not shown" not in streaming.stderr
    pd.DataFrame(scored).iloc[:, :1].to_csv(streaming.folder / "less.csv")
    assert streaming.run(*command, "-o", "b.jsonl", "--reference", "less.csv") == 0
    assert "drift is not shown: " in streaming.stderr and "give what `serving predict` wrote" in streaming.stderr


def test_a_reference_is_made_of_validation_where_none_is_stored(streaming: Streaming, trained: Trained) -> None:
    store = Store(trained.folder / "store")
    write_lines(streaming.folder / "in.jsonl", many(trained, 10))
    empty = str(streaming.folder / "empty")
    command = [str(trained.artifact), "--source", "file", "-i", "in.jsonl", "-o", "out.jsonl", "--store", empty]
    environment = bench_environment(trained.folder)
    ran = fork("bench", "serving", "stream", *command, environment=environment, folder=streaming.folder)
    assert ran.returncode == 0 and b"drift is not shown" not in ran.stderr
    (kept,) = (streaming.folder / "out.jsonl.state").glob("reference-*.npz")
    (meta,) = store.prepared.glob("*/meta.json")
    stored = store.arrays(trained.run, "predictions")["validation_probabilities"]
    with np.load(kept) as file:
        assert file["probabilities"].shape == (len(Prepared.open(meta.parent).validation()), len(trained.labels))
        assert np.abs(file["probabilities"] - stored).max() < 1e-5


def test_waits_grow_as_x_asks() -> None:
    backoff = Backoff()
    assert [backoff.network() for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    assert [backoff.network() for _ in range(100)][-1] == 16
    assert [backoff.http(503, {}) for _ in range(8)] == [5, 10, 20, 40, 80, 160, 320, 320]
    assert [backoff.http(429, {}) for _ in range(3)] == [60, 120, 240]
    assert backoff.http(503, {"retry-after": "7"}) == 7
    assert 28 < backoff.http(429, {"x-rate-limit-reset": str(time.time() + 30)}) < 31
    assert backoff.http(503, {"x-rate-limit-reset": str(time.time() + 30), "retry-after": "soon"}) > 31
    backoff.reset()
    assert backoff.network() == 0 and backoff.http(500, {}) == 5 and backoff.http(420, {}) == 60


def test_lines_say_what_they_are() -> None:
    assert parse(b'{"data": {"id": "1", "text": "a"}, "matching_rules": [{"id": 3}, {"id": "4", "tag": "t"}]}') == (
        Post("a", "1", rules="3, t")
    )
    assert parse(b'{"id": 5, "tweet": "a", "created_at": "now"}', "tweet") == Post("a", "5", "now")
    assert parse(b'{"status_withheld": {"id": 7, "withheld_in_countries": ["DE"]}}') == Notice("withheld", "7")
    assert parse(b'{"data": {"user_withheld": {"user": {"id": "8"}}}}') == Notice("withheld", None, "8")
    assert parse(b'{"data": {"scrub_geo": {"user": {"id": "8"}}}}') == Message("scrub_geo")
    assert parse(b'{"errors": [{"title": "operational-disconnect", "detail": "bye"}]}') == Message("bye")
    assert parse(b'{"delete": {}}') == Malformed("no text")
    assert [line.after for line in split([b"a\n\nb", b"c\nd"], 10)] == [12, 16, 17]


def test_the_same_distribution_has_no_index() -> None:
    assert psi(np.array([10, 20]), np.array([10, 20])) == 0
    assert psi(np.array([500, 500]), np.array([600, 400])) == pytest.approx(0.1 * np.log(1.5), rel=0.02)
