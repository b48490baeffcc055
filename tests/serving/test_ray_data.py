"""Many files on Ray Data: the answers of the local engine, file by file; what is whole is not scored again."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.ray_session import NICENESS
from benchmarks.ray_scoring import files_per_second
from serving.places import Place, listed, put, read
from tests.conftest import bench_environment
from tests.object_storage import s3_server
from tests.serving.conftest import Serving, Trained

pytest.importorskip("ray")

TEXTS = ["what a lovely day", "awful, just awful", "", "so so", "great " * 40]


def test_a_folder_a_pattern_and_a_file_are_listed(tmp_path: Path) -> None:
    for name in ("a.csv", "b/c.parquet", "b/d.csv.gz", "_scored/a.json", ".hidden.csv", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    def names(pattern: str) -> list[str]:
        return [found.place.name for found in listed(f"{tmp_path}{pattern}")]

    assert names("") == names("/") == ["a.csv", "b/c.parquet", "b/d.csv.gz"]
    assert names("/a.csv") == names("/*.csv") == ["a.csv"]
    assert names("/*/*") == ["b/c.parquet", "b/d.csv.gz"] == ["b/" + name for name in names("/b/**")]
    with pytest.raises(Exception, match=r"none\*: no data file there"):
        listed(f"{tmp_path}/none*")


def test_mistakes_are_one_line(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / "in" / name).write_text("text\nx\n")

    def said(*arguments: str) -> str:
        done = serving("predict", trained.run, "--engine", "ray", *arguments)
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1, done.stderr
        return done.stderr.decode()

    assert "give --input" in said("-i", "in")
    assert "nowhere: no data file there" in said("-i", "nowhere", "-o", "out")
    told = said("-i", "in", "-o", "out", "--output-format", "csv")
    assert "a.csv" in told and "a.jsonl would both become a.csv: score them apart" in told
    assert "cannot be reached" in said("-i", "ftp://somewhere/x.csv", "-o", "out")
    done = serving("predict", trained.run, "--workers", "2")
    assert b"used with --engine ray alone" in done.stderr and done.returncode == 2


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_answers_are_the_local_ones_and_a_second_call_scores_what_is_new(
    serving: Serving, trained: Trained, tmp_path: Path
) -> None:
    (tmp_path / "in" / "more").mkdir(parents=True)
    with (tmp_path / "in" / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(TEXTS)])
    pq.write_table(
        pa.table({"text": trained.texts, "n": range(len(trained.texts))}), tmp_path / "in" / "more" / "b.parquet"
    )
    (tmp_path / "in" / "c.csv").write_text("id,words\n1,x\n")
    asked = ("predict", trained.run, "--engine", "ray", "--workers", "2", "-i", "in", "-o", "out")
    done = serving(*asked)
    assert done.returncode == 3, done.stderr.decode()
    assert "c.csv: no column 'text'" in done.stderr.decode() and "1 bad rows" in done.stderr.decode()
    for name in ("a.csv", "more/b.parquet"):
        assert serving("predict", trained.run, "-i", f"in/{name}", "-o", f"here-{Path(name).name}").returncode == 0
    assert (tmp_path / "out" / "a.csv").read_bytes() == (tmp_path / "here-a.csv").read_bytes()
    assert pq.read_table(tmp_path / "out" / "more" / "b.parquet") == pq.read_table(tmp_path / "here-b.parquet")

    (tmp_path / "in" / "c.csv").write_text("id,text\n1,x\n")
    written = (tmp_path / "out" / "a.csv").stat().st_mtime_ns
    done = serving(*asked)
    assert done.returncode == 0, done.stderr.decode()
    assert "a.csv: 5 rows before" in done.stderr.decode() and "c.csv: 1 rows\n" in done.stderr.decode()
    assert (tmp_path / "out" / "a.csv").stat().st_mtime_ns == written
    assert len(rows(tmp_path / "out" / "c.csv")) == 1
    (tmp_path / "in" / "a.csv").write_text("text\nanother\n")
    done = serving(*asked)
    assert done.returncode == 2 and b"out/a.csv is there already" in done.stderr
    assert serving(*asked, "--overwrite").returncode == 0 and len(rows(tmp_path / "out" / "a.csv")) == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_no_row_and_no_order(trained: Trained, tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    files, length = 12, 20_000
    (tmp_path / "in").mkdir()
    for number in range(files):
        numbers = range(number * length, (number + 1) * length)
        table = pa.table({"n": numbers, "text": [f"{trained.texts[n % 50]} {n}" for n in numbers]})
        pq.write_table(table, tmp_path / "in" / f"part-{number:02}.parquet")
    command = [sys.executable, "-m", "serving", "predict", trained.run, "--engine", "ray", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "-i", "in", "-o", "out"], cwd=tmp_path, env=bench_environment(trained.folder) | {NICENESS: "0"},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while not list((tmp_path / "out").glob("*.parquet")) and process.poll() is None:
            time.sleep(0.1)
        below = psutil.Process(process.pid).children(recursive=True)
        workers = [each for each in below if "MapWorker" in " ".join(each.cmdline())]
        assert workers, [each.cmdline() for each in below]
        workers[0].kill()
        _, errors = process.communicate(timeout=400)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert f"{files * length:,} rows of {files} files" in errors
    scored = [pq.read_table(path) for path in sorted((tmp_path / "out").glob("*.parquet"))]
    assert [n for table in scored for n in table["n"].to_pylist()] == list(range(files * length))
    assert all(table["predicted"].null_count == 0 for table in scored)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The URL of an empty bucket, and Arrow's options that lead there."""
    with s3_server(monkeypatch) as variables:
        host = variables["AWS_ENDPOINT_URL"].partition("://")[2]
        yield "s3://team", f"?endpoint_override={host}&scheme=http&region=us-east-1"


def test_files_of_an_object_store_are_listed_brought_and_put(bucket: tuple[str, str], tmp_path: Path) -> None:
    url, options = bucket
    (tmp_path / "a.csv.gz").write_bytes(b"not unpacked on its way")
    for name in ("in/a.csv.gz", "in/b/c.csv", "out/x.csv"):
        put(tmp_path / "a.csv.gz", Place.of(url + options).file(name))
    assert [found.place.name for found in listed(f"{url}/in{options}")] == ["a.csv.gz", "b/c.csv"]
    (found,) = listed(f"{url}/in/*.gz{options}")
    assert (found.size, read(found.place)) == (23, b"not unpacked on its way")
    assert str(found.place) == "s3://team/in/a.csv.gz", "no option, which may hold a key, is in what is shown"
    assert read(Place.of(url + options).file("none")) is None
    with pytest.raises(Exception, match=r"s3://none/x.*: no data file there"):
        listed(f"s3://none/x{options}")


@pytest.mark.slow
def test_an_object_store_is_read_and_written(
    bucket: tuple[str, str], serving: Serving, trained: Trained, tmp_path: Path
) -> None:
    url, options = bucket
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(TEXTS)])
    put(tmp_path / "a.csv", Place.of(url + options).file("in/a.csv"))
    done = serving(
        "predict", trained.run, "--engine", "ray", "-i", f"{url}/in/*.csv{options}", "-o", f"{url}/out{options}"
    )
    assert done.returncode == 0, done.stderr.decode()
    assert serving("predict", trained.run, "-i", "a.csv", "-o", "here.csv").returncode == 0
    assert read(Place.of(url + options).file("out/a.csv")) == (tmp_path / "here.csv").read_bytes()


@pytest.mark.parametrize("apart", [0.0, 0.25, 0.5, 0.9])
def test_the_speed_of_workers_is_the_same_however_far_apart_they_began(apart: float) -> None:
    ready = sorted([*range(1, 11), *(apart + n for n in range(1, 11))])
    assert files_per_second(ready, workers=2) == pytest.approx(2.0)
    assert files_per_second(range(1, 21), workers=1) == pytest.approx(1.0)
