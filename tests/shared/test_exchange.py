"""`bench push` and `bench pull` between a folder and each kind of store: nothing is replaced."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.exchange import copy_runs
from bench.store import Store
from tests.conftest import ROOT, Bench
from tests.shared.conftest import Shared
from tests.test_exchange import files_of, put_family, put_run


@pytest.fixture
def source(tmp_path: Path) -> Store:
    return put_family(Store(tmp_path / "source"))


def test_runs_go_there_and_come_back_whole(shared: Shared, source: Store, tmp_path: Path) -> None:
    copied = copy_runs(source, shared.open(), ["child"])
    assert (copied.runs, copied.artifacts, copied.there) == (("parent", "child"), 2, 0)
    assert copy_runs(source, shared.open(), ()).runs == ("other",)
    again = copy_runs(source, shared.open(), ())
    assert (again.runs, again.artifacts, again.there) == ((), 0, 3)
    target = Store(tmp_path / "target")
    assert set(copy_runs(shared.open("there"), target, ()).runs) == {"parent", "child", "other"}
    assert files_of(target) == files_of(source) and not any(target.work.iterdir())


def test_another_content_under_one_name_is_refused_before_anything_is_sent(
    shared: Shared, source: Store, tmp_path: Path
) -> None:
    copy_runs(source, shared.open(), ["other"])
    mine = Store(tmp_path / "mine")
    put_run(mine, "new")
    put_run(mine, "other", n=31)
    with pytest.raises(BenchError, match=r"other: its predictions\.npz in .* is another one than in"):
        copy_runs(mine, shared.open(), ())
    with pytest.raises(BenchError, match="no result 'newer' in"):
        copy_runs(shared.open("there"), mine, ["newer"])
    assert copy_runs(mine, shared.open(), ["new"]).runs == ("new",)


def test_of_two_writers_of_one_name_one_wins_and_the_other_is_told(shared: Shared, tmp_path: Path) -> None:
    """Neither sees the other's run before it begins."""
    ends: list[str] = []

    def write(number: int) -> None:
        store, target = Store(tmp_path / f"writer-{number}"), shared.open(f"machine-{number}")
        for name in range(3):
            put_run(store, f"run-{name}", n=30 + number)
        start.wait()
        for name in range(3):
            try:
                ends.extend(f"{run} {number}" for run in copy_runs(store, target, [f"run-{name}"]).runs)
            except BenchError as error:
                assert "is another one than in" in str(error)

    start = threading.Barrier(2)
    writers = [threading.Thread(target=write, args=(number,)) for number in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(end.split()[0] for end in ends) == [f"run-{name}" for name in range(3)], ends
    for run, number in (end.split() for end in ends):
        assert shared.open("reader").result(run) == Store(tmp_path / f"writer-{number}").result(run)


def test_an_artifact_that_was_cut_off_is_not_there_and_one_that_is_damaged_is_told(
    shared: Shared, source: Store
) -> None:
    if shared.kind != "s3":
        pytest.skip("only object storage can be damaged from the side in one line")
    import boto3

    copy_runs(source, shared.open(), ["parent"])
    artifact, objects = str(source.result("parent").identity.artifact), boto3.client("s3")
    objects.delete_object(Bucket="team", Key=f"store/whole/{artifact}")
    assert not shared.open("there").has_artifact(artifact)
    assert copy_runs(source, shared.open(), ["parent"]).artifacts == 1
    objects.put_object(Bucket="team", Key=f"store/artifacts/{artifact}/model.bin", Body=b"")
    with pytest.raises(BenchError, match=r"the artifact .* in s3://team/store is damaged"):
        shared.open("there").artifact(artifact)


def test_published_runs_bring_the_labels_that_they_refer_to(shared: Shared) -> None:
    published = Store(ROOT / "reports")
    run_id = next(name for name in published.run_ids() if name.startswith("constant-emotions"))
    copy_runs(published, shared.open(), [run_id])
    assert shared.open("there").arrays(run_id, "predictions")["labels"].size


def test_the_commands_take_it(bench: Bench, shared: Shared, source: Store, tmp_path: Path) -> None:
    pushed = bench("push", shared.where, "--store", "source", **shared.variables)
    assert pushed.returncode == 0 and "3 runs and 3 artifacts copied to" in pushed.stdout, pushed.stderr
    assert bench("pull", shared.where, "other", "--store", "here", **shared.variables).returncode == 0
    assert Store(tmp_path / "here").run_ids() == ["other"]
    listed = bench("list", "runs", "--store", shared.where, **shared.variables)
    assert listed.stdout.split() == ["child", "other", "parent"], listed.stderr
