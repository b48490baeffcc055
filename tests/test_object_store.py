"""`bench push` and `bench pull` of object storage: the rules of a folder, against a server of S3's interface."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.object_store import pull_runs, push_runs
from bench.store import Store
from tests.conftest import Bench
from tests.object_storage import s3_server
from tests.test_exchange import files_of, put_family, put_run

pytest.importorskip("obstore")
URL = "s3://team/store"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with s3_server(monkeypatch) as variables:
        yield variables


@pytest.fixture
def source(tmp_path: Path) -> Store:
    return put_family(Store(tmp_path / "source"))


def test_runs_go_there_and_come_back_whole(bucket: dict[str, str], source: Store, tmp_path: Path) -> None:
    pushed = push_runs(source, URL, ["child"])
    assert (pushed.runs, pushed.artifacts, pushed.there) == (("parent", "child"), 2, 0)
    assert push_runs(source, URL, ()).runs == ("other",)
    again = push_runs(source, URL, ())
    assert (again.runs, again.artifacts, again.there) == ((), 0, 3)

    target = Store(tmp_path / "target")
    assert set(pull_runs(URL, target, ["child"]).runs) == {"parent", "child"}
    assert pull_runs(URL, target, ()).runs == ("other",)
    assert files_of(target) == files_of(source) and not any(target.work.iterdir())
    assert pull_runs(URL, target, ()).runs == ()


def test_another_content_under_one_name_is_refused_before_anything_is_sent(
    bucket: dict[str, str], source: Store, tmp_path: Path
) -> None:
    push_runs(source, URL, ["other"])
    mine = Store(tmp_path / "mine")
    put_run(mine, "new")
    put_run(mine, "other", n=31)
    with pytest.raises(BenchError, match=r"results/other/predictions\.npz in s3://team/store is another one"):
        push_runs(mine, URL, ())
    with pytest.raises(BenchError, match="no run 'new' in s3://team/store"):
        pull_runs(URL, mine, ["new"])
    with pytest.raises(BenchError, match="other: its predictions"):
        pull_runs(URL, mine, ())
    assert push_runs(mine, URL, ["new"]).runs == ("new",)


def test_of_two_writers_of_one_name_one_wins_and_the_other_is_told(bucket: dict[str, str], tmp_path: Path) -> None:
    """Neither sees the other's run before it begins."""
    ends: list[str] = []

    def write(number: int) -> None:
        store = Store(tmp_path / f"writer-{number}")
        for name in range(5):
            put_run(store, f"run-{name}", n=30 + number)
        start.wait()
        for name in range(5):
            try:
                ends.extend(f"{run} {number}" for run in push_runs(store, URL, [f"run-{name}"]).runs)
            except BenchError as error:
                assert "another one than here" in str(error)

    start = threading.Barrier(2)
    writers = [threading.Thread(target=write, args=(number,)) for number in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(end.split()[0] for end in ends) == [f"run-{name}" for name in range(5)], ends
    target = Store(tmp_path / "target")
    pull_runs(URL, target, ())
    for run, number in (end.split() for end in ends):
        assert target.result(run) == Store(tmp_path / f"writer-{number}").result(run)


def test_an_artifact_that_was_cut_off_is_told_and_mended(bucket: dict[str, str], source: Store, tmp_path: Path) -> None:
    import boto3

    push_runs(source, URL, ["parent"])
    artifact = source.result("parent").identity.artifact
    boto3.client("s3").put_object(Bucket="team", Key=f"store/artifacts/{artifact}/model.bin", Body=b"")
    with pytest.raises(BenchError, match="the artifact of parent in s3://team/store is not whole: push it again"):
        pull_runs(URL, Store(tmp_path / "target"), ())
    boto3.client("s3").delete_object(Bucket="team", Key=f"store/artifacts/{artifact}/model.bin")
    assert push_runs(source, URL, ["parent"]).artifacts == 1
    assert pull_runs(URL, Store(tmp_path / "target"), ()).runs == ("parent",)


def test_the_commands_take_a_url(bench: Bench, bucket: dict[str, str], source: Store, tmp_path: Path) -> None:
    pushed = bench("push", URL, "--store", "source", **bucket)
    assert pushed.returncode == 0 and "3 runs and 3 artifacts copied to s3://team/store" in pushed.stdout, pushed.stderr
    assert bench("pull", URL, "other", "--store", "here", **bucket).returncode == 0
    assert Store(tmp_path / "here").run_ids() == ["other"]
    told = bench("pull", "s3://nowhere/x", "--store", "here", **bucket)
    assert told.returncode == 2 and told.stderr.count("\n") == 1 and "s3://nowhere/x" in told.stderr, told.stderr
