"""What `predict` writes to: nothing that is there is lost, one writer, devices and links as what they are."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import BenchError
from serving.aws.bundle import write_bundle
from serving.batch import PART, Job, score
from tests.conftest import bench_environment
from tests.serving.conftest import Serving, Trained
from tests.serving.letters import letters, scored

MINE = "mine, not to be lost\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("id,text\n1,aei\n2,xyz\n")
    return path


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may become larger than 200 kB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def labels(path: Path) -> list[str]:
    return [line.split(",")[2] for line in path.read_text().splitlines()[1:]]


def refused(source: Path, target: Path, message: str, **options: object) -> None:
    with pytest.raises(BenchError, match=message) as error:
        scored(source, target, **options)
    assert "\n" not in str(error.value)


def test_a_file_that_is_there_is_replaced_only_when_asked(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text(MINE)
    target.chmod(0o600)
    refused(source, target, "out.csv is there already: --overwrite replaces it")
    assert target.read_text() == MINE and not list(tmp_path.glob("*.parts"))
    scored(source, target, overwrite=True)
    assert labels(target) == ["vowels", "x"] and target.stat().st_mode & 0o777 == 0o600


def test_a_file_that_comes_while_it_is_scored_is_not_replaced(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    job = Job(source, target, None, None)
    with pytest.raises(BenchError, match="is there already"):
        score(job, letters(tmp_path / "artifact"), lambda count: target.write_text(MINE) and None)
    assert target.read_text() == MINE and (tmp_path / "out.csv.parts").is_dir()


def test_a_link_stays_and_the_file_behind_it_is_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "behind").mkdir()
    behind, link, dangling = tmp_path / "behind" / "real.csv", tmp_path / "link.csv", tmp_path / "new.csv"
    link.symlink_to(behind)
    dangling.symlink_to("behind/new.csv")
    behind.write_text(MINE)
    refused(source, link, "real.csv is there already")
    scored(source, link, overwrite=True)
    scored(source, dangling)
    assert link.is_symlink() and dangling.is_symlink() and labels(behind) == labels(dangling) == ["vowels", "x"]
    (tmp_path / "round.csv").symlink_to("round.csv")
    refused(source, tmp_path / "round.csv", "round.csv: cannot be written")
    refused(source, tmp_path / "behind", "is a folder", target_kind="csv")


def test_the_input_is_never_the_output(source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    for name in ("in.csv", "link.csv", "hard.csv", "../" + tmp_path.name + "/in.csv"):
        refused(source, tmp_path / name, "the output is the input itself", overwrite=True)
    assert source.read_bytes() == before


def test_a_pipe_gets_the_rows_and_stays_a_pipe(source: Path, tmp_path: Path) -> None:
    pipe, found = tmp_path / "out.csv", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.extend(pipe.read_text().splitlines()))
    reader.start()
    scored(source, pipe, overwrite=True)
    reader.join()
    assert len(found) == 3 and pipe.is_fifo() and not list(tmp_path.glob("*.parts"))
    refused(source, pipe, "Parquet cannot go to", target_kind="parquet")


def test_devices_stay_devices(serving: Serving, trained: Trained, source: Path, tmp_path: Path) -> None:
    (tmp_path / "null.csv").symlink_to("/dev/null")
    scored(source, tmp_path / "null.csv")
    scored(source, Path("/dev/null"), target_kind="csv")
    assert Path("/dev/null").is_char_device() and not Path("/dev/null.parts").exists()
    refused(source, Path("/dev/full"), "/dev/full: cannot be written: No space left", target_kind="csv")
    ran = serving("predict", trained.run, "-i", "in.csv", "-o", "/dev/stdout", "--output-format", "csv")
    assert ran.returncode == 0 and len(ran.stdout.splitlines()) == 3


def test_standard_output_by_its_name_is_added_to(source: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(MINE)
    with log.open("a") as file:
        kept = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            scored(source, Path("/dev/stdout"), target_kind="csv")
        finally:
            os.dup2(kept, 1)
            os.close(kept)
    assert log.read_text().startswith(MINE) and len(log.read_text().splitlines()) == 4


def test_a_folder_of_the_user_beside_the_output_is_left_alone(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    for name in ("notes.txt", "00000000.part", "plan.json"):
        (folder / name).write_text(MINE)
    refused(source, tmp_path / "out.csv", "out.csv.parts is there and holds no scored parts", overwrite=True)
    (folder / "notes.txt").unlink()
    refused(source, tmp_path / "out.csv", "out.csv.parts is there and holds no scored parts", overwrite=True)
    assert (folder / "00000000.part").read_text() == (folder / "plan.json").read_text() == MINE
    (tmp_path / "other.csv.parts").symlink_to(folder)
    refused(source, tmp_path / "other.csv", "other.csv.parts is there")


def test_what_is_left_of_a_job_that_cannot_be_gone_on_with_is_removed(source: Path, tmp_path: Path) -> None:
    target, parts, pipe = tmp_path / "out.csv", tmp_path / "out.csv.parts", tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for _ in range(2):
        threading.Thread(target=pipe.write_bytes, args=(source.read_bytes(),)).start()
        job = Job(pipe, target, None, None)
        with pytest.raises(BenchError, match="is there already"):
            score(job, letters(tmp_path / "artifact"), lambda count: target.write_text(MINE) and None)
        assert parts.is_dir()
        target.unlink()
    threading.Thread(target=pipe.write_bytes, args=(source.read_bytes(),)).start()
    assert scored(pipe, target).resumed == 0 and labels(target) == ["vowels", "x"] and not parts.exists()


def test_nothing_is_written_into_an_artifact(source: Path, tmp_path: Path) -> None:
    (tmp_path / "artifact").mkdir()
    refused(source, tmp_path / "artifact" / "out.csv", "lies in the artifact, which it would alter")
    with pytest.raises(BenchError, match="lies in the artifact, which it would alter"):
        write_bundle(letters(tmp_path / "artifact"), tmp_path / "artifact" / "bundle")
    assert not any((tmp_path / "artifact").iterdir())


def test_a_folder_with_the_card_of_another_program_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "web" / "source").mkdir(parents=True)
    for content in ('{"name": "web"}', "[]", "no json"):
        (tmp_path / "web" / "bundle.json").write_text(content)
        with pytest.raises(BenchError, match="web is there already and is no bundle"):
            write_bundle(letters(tmp_path / "artifact"), tmp_path / "web")
        assert (tmp_path / "web" / "bundle.json").read_text() == content


def test_a_second_writer_is_told_who_the_first_is(source: Path, tmp_path: Path) -> None:
    target, errors = tmp_path / "out.csv", []

    def second(count: object) -> None:
        with pytest.raises(BenchError) as error:
            scored(source, tmp_path / "link.csv", overwrite=True)
        errors.append(str(error.value))

    (tmp_path / "link.csv").symlink_to(target)
    score(Job(source, target, None, None), letters(tmp_path / "artifact"), second)
    assert len(errors) == 1 and f"out.csv is being written by process {os.getpid()}" in errors[0]
    assert labels(target) == ["vowels", "x"] and not list(tmp_path.glob("*.parts"))
    scored(source, target, overwrite=True)


def test_a_full_disk_while_joining_keeps_the_parts(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n" + "".join(f"{i},text\n" for i in range(2 * PART)))
    request.getfixturevalue("small_disk")
    refused(source, target, "out.csv: cannot be written: File too large; what was scored is kept in .*out.csv.parts")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    assert not target.exists() and len(list((tmp_path / "out.csv.parts").glob("*.part"))) == 2
    assert scored(source, target).resumed == PART
    assert [line.split(",")[0] for line in target.read_text().splitlines()] == ["id", *map(str, range(2 * PART))]


KILLED = """
import os, sys
from pathlib import Path
from tests.serving.letters import scored
source, target = Path("in.csv"), Path("out.csv")
unlink = Path.unlink
Path.unlink = lambda path, **options: os._exit(9) if target.exists() else unlink(path, **options)
scored(source, target)
"""


def test_a_call_that_was_killed_when_all_was_written_may_be_made_again(source: Path, tmp_path: Path) -> None:
    """Behind the last rename, before the parts are gone; but a file that came since is not replaced."""
    target, parts = tmp_path / "out.csv", tmp_path / "out.csv.parts"
    environment = bench_environment(tmp_path)
    assert subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=environment, check=False).returncode == 9
    assert len(labels(target)) == 2 and parts.is_dir()
    shutil.copytree(parts, tmp_path / "kept")
    scored(source, target)
    assert len(labels(target)) == 2 and not parts.exists()
    shutil.copytree(tmp_path / "kept", parts)
    target.write_text(MINE)
    refused(source, target, "is there already")
    assert target.read_text() == MINE
