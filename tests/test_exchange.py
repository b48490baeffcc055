"""`bench pull` and `bench push`: runs between stores, whole, with what they were made of; nothing is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.artifact import adopt
from bench.errors import BenchError, StoreInUseError
from bench.exchange import copy_runs
from bench.store import Store
from tests.conftest import ROOT, Bench
from tests.report.synthetic import Model, result


def _artifact(store: Store, content: bytes) -> str:
    made = store.work / "made"
    made.mkdir(parents=True)
    (made / "model.bin").write_bytes(content)
    return adopt(made, store.artifacts)


def put_run(store: Store, run_id: str, parent: str | None = None, n: int = 30) -> None:
    """A run with an artifact and the record of its training."""
    made, arrays = result(Model("linear"), n=n, run_id=run_id)
    own = {"artifact": _artifact(store, run_id.encode()), "parent_run_id": parent}
    identity = made.identity.model_copy(update=own)
    store.put(made.model_copy(update={"identity": identity}), arrays, log=b"a log")
    (store.keys).mkdir(exist_ok=True)
    (store.keys / f"{identity.artifact_key}.json").write_text("{}")


def put_family(store: Store) -> Store:
    """A parent, its child, and another run."""
    put_run(store, "parent")
    put_run(store, "child", parent="parent")
    put_run(store, "other")
    return store


@pytest.fixture
def source(tmp_path: Path) -> Store:
    return put_family(Store(tmp_path / "source"))


@pytest.fixture
def target(tmp_path: Path) -> Store:
    return Store(tmp_path / "target")


def files_of(store: Store) -> dict[str, bytes]:
    """All that counts of a store, by path."""
    folders = (store.results, store.artifacts, store.keys)
    return {
        str(path.relative_to(store.root)): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_all_runs_are_copied_whole_and_a_second_time_none(source: Store, target: Store) -> None:
    assert copy_runs(source, target, ()).runs == ("parent", "child", "other")
    assert files_of(target) == files_of(source)
    again = copy_runs(source, target, ())
    assert (again.runs, again.artifacts, again.there) == ((), 0, 3)


def test_a_child_brings_its_parent(source: Store, target: Store) -> None:
    copied = copy_runs(source, target, ["child"])
    assert (copied.runs, copied.artifacts) == (("parent", "child"), 2)
    assert target.run_ids() == ["child", "parent"]


def test_another_content_under_one_name_is_refused_before_anything_is_copied(source: Store, target: Store) -> None:
    put_run(target, "other", n=40)
    before = files_of(target)
    with pytest.raises(BenchError, match=r"other: its predictions.npz in .*target is another one than in .*source"):
        copy_runs(source, target, ())
    assert files_of(target) == before
    assert copy_runs(source, target, ["child"]).runs == ("parent", "child")


def test_an_altered_artifact_is_not_passed_on(source: Store, target: Store) -> None:
    artifact = source.artifacts / str(source.result("other").identity.artifact)
    (artifact / "model.bin").write_bytes(b"altered")
    with pytest.raises(BenchError, match=r"other: its artifact in .* was altered"):
        copy_runs(source, target, ["other"])
    assert target.run_ids() == []


def test_an_artifact_that_is_damaged_there_is_mended(source: Store, target: Store) -> None:
    copy_runs(source, target, ["other"])
    damaged = target.artifacts / str(source.result("other").identity.artifact) / "model.bin"
    damaged.write_bytes(b"damaged")
    assert copy_runs(source, target, ["other"]).artifacts == 1
    assert damaged.read_bytes() == b"other"


def test_it_works_beside_writers_but_not_beside_one_who_wants_the_store_alone(source: Store, target: Store) -> None:
    with target.writing():
        assert copy_runs(source, target, ["other"]).runs == ("other",)
    with target.lock(), pytest.raises(StoreInUseError):
        copy_runs(source, target, ["child"])


def test_published_runs_bring_what_they_refer_to(target: Store) -> None:
    published = Store(ROOT / "reports")
    run_id = next(name for name in published.run_ids() if name.startswith("constant-emotions"))
    copy_runs(published, target, [run_id])
    assert not target.damaged(target.result(run_id)).keys() - {"samples"}
    assert target.arrays(run_id, "predictions")["labels"].size


def test_the_commands(source: Store, target: Store, bench: Bench) -> None:
    pushed = bench("push", str(target.root), "other", "--store", str(source.root))
    assert pushed.returncode == 0 and "1 runs and 1 artifacts copied" in pushed.stdout, pushed.stderr
    pulled = bench("pull", str(source.root), "--store", str(target.root))
    assert "2 runs and 2 artifacts copied" in pulled.stdout and "1 were there" in pulled.stdout
    for wrong, told in (
        (("pull", str(target.root / "nowhere")), "no results in"),
        (("pull", str(source.root), "othr"), "did you mean 'other'?"),
        (("push", str(target.root)), "is this store"),
    ):
        refused = bench(*wrong, "--store", str(target.root))
        assert refused.returncode == 2 and told in refused.stderr, refused.stderr
