"""The doctor of a store finds everything that is damaged or left over, and moves it aside without losing a byte."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from bench.artifact import adopt
from bench.doctor import findings, put_aside
from bench.errors import StoreInUseError
from bench.store import Store
from tests.conftest import Bench
from tests.report.synthetic import Model, result

TRAINED = {"training": {}, "seconds": 1.0, "peak_bytes": None}


def made_artifact(store: Store, text: str) -> str:
    work = store.root / "made"
    work.mkdir(parents=True)
    (work / "model.txt").write_text(text)
    return adopt(work, store.artifacts)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A healthy one: two rows with their artifacts and keys, one of them a child whose parent's row is gone."""
    store = Store(tmp_path / "store")
    parent = made_artifact(store, "parent")
    for name, parts in (("one", {}), ("child", {"parent": parent[:16]})):
        artifact = made_artifact(store, name)
        put_row(store, name, artifact=artifact, key_parts=parts)
        store.keys.mkdir(exist_ok=True)
        (store.keys / f"{name}.json").write_text(json.dumps(TRAINED | {"artifact": artifact}))
    return store


def put_row(store: Store, name: str, **changes: object) -> None:
    made, arrays = result(Model("linear"), n=60, run_id=name, **changes)  # type: ignore[arg-type]
    store.put(made.model_copy(update={"measurement": None}), arrays)


def damage(store: Store) -> dict[str, str]:
    """One of each kind, with a word of what is said of it."""
    for name in ("list", "newer", "torn", "foreign", "unfinished"):
        put_row(store, name, artifact=None)
    put_row(store, "future", artifact=None, started_at="9000-01-01T00:00:00+00:00")
    (store.folder("list") / "result.json").write_text("[]")
    (store.folder("newer") / "result.json").write_text('{"schema_version": 99}')
    os.truncate(store.folder("torn") / "predictions.npz", 50)
    shutil.copy(store.folder("one") / "result.json", store.folder("foreign"))
    (store.folder("unfinished") / "result.json").unlink()
    (store.folder("one") / ".result.json.abcd1234").write_text("{")
    (store.keys / ".k.json.abcd1234").write_text("")
    (store.keys / "nothing.json").write_text(json.dumps(TRAINED | {"artifact": "0" * 64}))
    (store.keys / "elsewhere.json").write_text(json.dumps(TRAINED | {"artifact": "../../elsewhere"}))
    (store.keys / "list.json").write_text("[]")
    altered, orphan = made_artifact(store, "altered"), made_artifact(store, "orphan")
    (store.artifacts / altered / "model.txt").write_text("another")
    (store.artifacts / ".copied.abcd1234").mkdir()
    (store.prepared / "half").mkdir(parents=True)
    (store.checkpoints / "one").mkdir(parents=True)
    (store.work / "one").mkdir(parents=True)
    store.searches.mkdir()
    (store.searches / "study.json").write_text("null")
    (store.cache / "teachers").mkdir(parents=True)
    for age, name in ((7200, ".t.npz.abcd1234"), (0, ".t.npz.under_wa")):
        path = store.cache / "teachers" / name
        path.write_text("")
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    return {
        "results/list": "no result", "results/newer": "upgrade", "results/torn": "predictions.npz",
        "results/foreign": "not the name of its folder", "results/unfinished": "no result.json",
        "results/future": "in the future", "results/one/.result.json.abcd1234": "temporary",
        "keys/.k.json.abcd1234": "temporary", "keys/nothing.json": "not in the store",
        "keys/elsewhere.json": "no record", "keys/list.json": "no record", f"artifacts/{altered}": "altered",
        f"artifacts/{orphan}": "no run and no key", "artifacts/.copied.abcd1234": "temporary",
        "prepared/half": "meta.json cannot be read", "checkpoints/one": "has ended", "work": "killed",
        "searches/study.json": "Input should be", "cache/teachers/.t.npz.abcd1234": "temporary",
    }  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_is_found_and_moved_and_nothing_is_lost(store: Store) -> None:
    assert findings(store) == []
    healthy = contents(store.root)
    expected = damage(store)
    before = contents(store.root)
    found = {str(finding.path): finding.what for finding in findings(store)}
    assert found.keys() == expected.keys()
    for path, word in expected.items():
        assert word in found[path], (path, found[path])
    assert contents(store.root) | {"lock": b""} == before | {"lock": b""}
    moved, target = put_aside(store)
    assert {str(finding.path) for finding in moved} == expected.keys()
    assert findings(store) == []
    after = contents(store.root)
    aside = {name.removeprefix(f"{target.relative_to(store.root)}/"): content for name, content in after.items()}
    assert aside | {"lock": b""} == before | {"lock": b""}
    assert {name for name in after if not name.startswith("aside/")} == {*healthy, "cache/teachers/.t.npz.under_wa"}


def test_what_a_running_command_has_half_done_is_no_finding_and_not_moved(store: Store) -> None:
    damage(store)
    with store.lock():
        left_out = ("no result.json", "no run and no key", "has ended", "by a command that was killed")
        assert not [finding for finding in findings(store) if any(word in finding.what for word in left_out)]
        assert "results/list" in {str(finding.path) for finding in findings(store)}
        with pytest.raises(StoreInUseError):
            put_aside(store)


def test_the_command_says_what_it_found_and_moved(store: Store, bench: Bench) -> None:
    os.truncate(store.folder("one") / "result.json", 50)
    told = bench("doctor", "--store", str(store.root))
    assert told.returncode == 1 and told.stderr == ""
    assert "results/one: no readable JSON" in told.stdout and "--repair" in told.stdout
    repaired = bench("doctor", "--store", str(store.root), "--repair")
    (target,) = store.aside.iterdir()
    assert f"moved to {target}; nothing was deleted" in repaired.stdout
    assert (target / "results" / "one" / "result.json").stat().st_size == 50
    assert repaired.returncode == 0 and store.run_ids() == ["child"]
