"""What every kind of store does: a folder, object storage, PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest

from bench.errors import StoreInUseError
from bench.shared import remote
from bench.stores import open_store
from tests.report.synthetic import Model, result
from tests.shared.conftest import Shared

SECONDS = 2.0


def test_a_run_is_read_as_it_was_stored_and_as_it_was_stored_again(shared: Shared) -> None:
    here, there = shared.open(), shared.open("there")
    first, arrays = result(Model("linear"), n=30, run_id="run")
    here.put(first, arrays, log=b"a log")
    assert there.run_ids() == ["run"]
    assert there.find("run") == first == here.find("run")
    assert there.find("another") is None
    np.testing.assert_array_equal(there.arrays("run", "predictions")["labels"], arrays["labels"])
    assert there.file("run", "log.txt").read_bytes() == b"a log"
    assert not there.file("run", "samples.npz").exists() and there.arrays("run", "samples") == {}

    second, others = result(Model("linear"), n=40, run_id="run")
    there.put(second, others)
    here.refresh(["run"])
    assert here.find("run") == second and here.arrays("run", "predictions")["labels"].size == 40
    assert shared.open("third").find("run") == second, "found without looking at all"
    assert [found.run_id for found in here.read_all()] == ["run"]

    here.remove_run("run")
    assert there.run_ids() == [] and there.find("run") is None
    assert shared.open("third").find("run") is None


def test_a_look_up_of_what_is_current_writes_nothing(shared: Shared) -> None:
    shared.open("there").put(*result(Model("linear"), n=30, run_id="run"))
    assert shared.open().find("run") is not None
    before = written(shared.machines / "here")
    assert shared.open().find("run") is not None and written(shared.machines / "here") == before

    changed, arrays = result(Model("linear"), n=40, run_id="run")
    shared.open("there").put(changed, arrays)
    assert shared.open().find("run") == changed, "the copy is brought again where there is another one"


def written(folder: Path) -> dict[Path, tuple[int, int]]:
    """Files with size and time of the last change."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def test_an_artifact_goes_where_it_is_needed(shared: Shared) -> None:
    here, there = shared.open(), shared.open("there")
    made = here.work / "made"
    (made / "inner").mkdir(parents=True)
    (made / "inner" / "model.bin").write_bytes(b"weights")
    name = here.adopt(made)
    here.write_record("key", b"{}")
    assert there.has_artifact(name) and there.is_intact(name) and there.artifact_names(name[:8]) == [name]
    assert (there.artifact(name) / "inner" / "model.bin").read_bytes() == b"weights"
    assert there.record("key") == b"{}" and there.record("other") is None and there.records() == {"key": b"{}"}
    there.remove_record("key")
    there.remove_artifact(name)
    assert not shared.open("third").has_artifact(name) and shared.open("third").record("key") is None


def test_a_claim_is_of_one_at_a_time(shared: Shared) -> None:
    here, there = shared.open(), shared.open("there")
    with (
        here.claim("run"),
        there.claim("another"),
        pytest.raises(StoreInUseError, match=f"in use by process {os.getpid()}"),
        there.claim("run"),
    ):
        pass
    with there.claim("run"):
        pass


def _hold(where: str, cache: Path) -> None:
    """Claim a run, say so, and store it when a line allows it."""
    remote.LEASE_SECONDS = SECONDS
    os.environ["SENTIBENCH_CACHE"] = str(cache)
    store = open_store(where)
    made, arrays = result(Model("linear"), n=30, run_id="hung")
    with store.claim(made.identity.artifact_key):
        (cache.parent / "held").touch()
        while not (cache.parent / "go").exists():
            time.sleep(0.05)
        try:
            store.put(made, arrays)
        except StoreInUseError as error:
            (cache.parent / "told").write_text(str(error))


@pytest.fixture
def holder(shared: Shared, tmp_path: Path) -> BaseProcess:
    process = multiprocessing.get_context("spawn").Process(
        target=_hold, args=(shared.where, tmp_path / "held-by"), daemon=True
    )
    process.start()
    _wait_for((tmp_path / "held").exists)
    return process


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def quick_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LEASE_SECONDS", SECONDS)


def test_a_dead_process_loses_its_claim(shared: Shared, quick_leases: None, holder: BaseProcess) -> None:
    store, told = shared.open(), list[str]()
    made, arrays = result(Model("linear"), n=40, run_id="hung")
    time.sleep(2 * SECONDS)
    with pytest.raises(StoreInUseError), store.claim(made.identity.artifact_key):
        pass
    holder.kill()
    holder.join()
    with store.claim(made.identity.artifact_key, told.append):
        store.put(made, arrays)
    assert store.find("hung") == made
    with store.writing():
        pass


def test_a_process_that_hangs_loses_its_claim_and_overwrites_nothing(
    shared: Shared, quick_leases: None, holder: BaseProcess, tmp_path: Path
) -> None:
    store = shared.open()
    made, arrays = result(Model("linear"), n=40, run_id="hung")
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        if shared.kind == "folder":
            pytest.skip("a lock of the kernel stays with a process that hangs; who waits is told its name")
        with store.claim(made.identity.artifact_key, lambda line: None):
            store.put(made, arrays)
            (tmp_path / "go").touch()
            os.kill(holder.pid, signal.SIGCONT)
            holder.join(60)
        assert "was lost to another command" in (tmp_path / "told").read_text()
        assert shared.open("there").find("hung") == made
    finally:
        holder.kill()
        holder.join()
