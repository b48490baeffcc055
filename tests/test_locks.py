"""Locks between commands on one store: who is refused, who waits for whom, and what a kill leaves."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bench.errors import StoreInUseError
from bench.locks import hold
from bench.run.turns import machine_alone, machine_shared
from bench.store import Store

HOLDER = """
import sys, time
from pathlib import Path
from bench.store import Store
from bench.run.turns import machine_alone, machine_shared
store, note = Store(Path(sys.argv[1])), print
with {what}:
    print('held', flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@contextmanager
def another(store: Store, what: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds something of the store until it is killed."""
    code = [sys.executable, "-c", HOLDER.format(what=what), str(store.root)]
    process = subprocess.Popen(code, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.wait()


def test_writers_share_a_store_and_whoever_wants_it_alone_is_told_of_all(store: Store) -> None:
    with another(store, "store.writing()") as first, another(store, "store.writing()") as second, store.writing():
        with pytest.raises(StoreInUseError, match=r"process \d+ and process \d+") as refused, store.lock():
            pass
        assert str(first.pid) in str(refused.value) and str(second.pid) in str(refused.value)
        first.kill()
        first.wait()
        with pytest.raises(StoreInUseError) as refused, store.lock():
            pass
        assert str(first.pid) not in str(refused.value), "it lives no more"
    with store.lock(), pytest.raises(StoreInUseError), store.writing():
        pass


def test_a_run_has_one_maker_and_a_killed_one_gives_it_back(store: Store) -> None:
    with another(store, "store.claim('a')") as maker:
        with store.claim("b"), pytest.raises(StoreInUseError, match=f"process {maker.pid}$"), store.claim("a"):
            pass
        told: list[str] = []
        threading.Timer(0.2, maker.kill).start()
        with store.claim("a", told.append):
            assert told and f"process {maker.pid}" in told[0]
    assert not list(store.locks.glob("claim-*"))


def test_whoever_waited_for_a_claim_does_not_hold_a_file_that_is_gone(store: Store) -> None:
    """Its holder removes it: two that waited must still be one after the other."""
    inside: list[int] = []
    most: list[int] = []

    def take() -> None:
        for _ in range(30):
            with store.claim("a", lambda line: None):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and len(most) == 120
    assert not list(store.locks.glob("claim-*"))


def test_claims_of_killed_commands_are_swept_by_the_next_that_is_alone(store: Store) -> None:
    with another(store, "store.claim('dead')") as killed:
        killed.kill()
        killed.wait()
    with another(store, "store.claim('alive')"):
        assert len(list(store.locks.glob("claim-*"))) == 2
        with store.writing():
            assert [path.name for path in store.locks.glob("claim-*")] == ["claim-alive"]


def test_what_a_writer_has_under_way_is_not_swept_by_another(store: Store) -> None:
    with another(store, "store.writing()"):
        (store.work / "run").mkdir(parents=True)
        with store.writing():
            assert (store.work / "run").is_dir()
    with store.writing():
        assert not store.work.exists()


def test_measuring_waits_for_what_runs_and_what_follows_waits_for_it(store: Store) -> None:
    order: list[str] = []
    measuring_waits, measured = threading.Event(), threading.Event()

    def measure() -> None:
        with machine_alone(store, lambda line: measuring_waits.set()):
            order.append("measured")
            measured.wait(20)

    thread = threading.Thread(target=measure)
    with machine_shared(store, order.append), machine_shared(store, order.append):
        thread.start()
        assert measuring_waits.wait(20)
        order.append("ran")
    told = threading.Event()

    def next_run() -> None:
        with machine_shared(store, lambda line: told.set()):
            order.append("ran next")

    follower = threading.Thread(target=next_run)
    while "measured" not in order:
        measured.wait(0.01)
    follower.start()
    assert told.wait(20)
    measured.set()
    thread.join(20)
    follower.join(20)
    assert order == ["ran", "measured", "ran next"]


def test_a_killed_measuring_frees_the_machine(store: Store) -> None:
    with another(store, "machine_alone(store, note)") as measuring:
        threading.Timer(0.2, measuring.kill).start()
        with machine_shared(store, lambda line: None):
            pass


def test_the_names_in_a_shared_lock_do_not_grow_for_ever(tmp_path: Path) -> None:
    for _ in range(600):
        with hold(tmp_path / "lock", shared=True):
            pass
    assert (tmp_path / "lock").stat().st_size < 11_000
    with hold(tmp_path / "lock", removed=True), suppress(StoreInUseError), hold(tmp_path / "lock"):
        raise AssertionError("it was held")
    assert not (tmp_path / "lock").exists()
