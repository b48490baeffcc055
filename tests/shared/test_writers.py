"""Many processes write into one store of each kind: a kill loses nothing that was acknowledged, and leaves no lock."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from bench.shared import remote
from bench.stores import open_store
from tests.report.synthetic import Model, result
from tests.shared.conftest import Shared

SECONDS = 5.0


def _write(where: str, folder: Path, writer: int, results: int) -> None:
    """Each writer is a machine of its own, of which a folder knows nothing."""
    remote.LEASE_SECONDS = SECONDS
    os.environ["SENTIBENCH_CACHE"] = str(folder / f"machine-{writer}")
    store, model = open_store(where), Model("linear")
    with store.writing(), (folder / f"acknowledged-{writer}").open("ab", buffering=0) as log:
        for number in range(results):
            made = result(model, seed=number % 60, n=6, run_id=f"run-{writer}-{number}")
            with store.claim(f"{writer}-{number}", lambda line: None):
                store.put(*made)
            log.write(f"{made[0].run_id}\n".encode())


def _writers(shared: Shared, folder: Path, numbers: range, results: int) -> list[BaseProcess]:
    """A client of object storage has threads, which no fork survives."""
    context = multiprocessing.get_context("fork" if shared.kind == "folder" else "spawn")
    writers = [context.Process(target=_write, args=(shared.where, folder, n, results)) for n in numbers]
    for writer in writers:
        writer.start()
    return writers


def _check_writers(shared: Shared, folder: Path, processes: int, results: int) -> None:
    """Half are killed in the middle; what they had acknowledged is whole; others complete it."""
    half = range(processes // 2)
    writers = _writers(shared, folder, range(processes), results)
    middle = folder / f"acknowledged-{half[0]}"
    deadline = time.monotonic() + 1800
    while not (middle.exists() and middle.read_text().count("\n") > results // 2):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    for n in half:
        writers[n].kill()
    for writer in writers:
        writer.join()
    assert {writer.exitcode for writer in writers[len(half) :]} == {0}
    acknowledged = {line for path in folder.glob("acknowledged-*") for line in path.read_text().splitlines()}
    assert acknowledged <= set(shared.open().run_ids())
    for again in _writers(shared, folder, half, results):
        again.join()
        assert again.exitcode == 0
    store = shared.open("reader")
    run_ids = store.run_ids()
    assert len(run_ids) == processes * results
    for run_id in run_ids:
        assert "predictions" not in store.damaged(store.result(run_id))
    _check_no_lock_is_left(shared)


def _check_no_lock_is_left(shared: Shared) -> None:
    if shared.kind != "folder":
        time.sleep(SECONDS)
    store = shared.open()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(remote, "LEASE_SECONDS", SECONDS)
        with store.lock():
            store.sweep()
    assert not list(store.locks.glob("claim-*"))
    assert not list(store.results.glob("*/.*"))
    if shared.kind == "s3":
        import boto3

        assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="team", Prefix="store/locks/")
    if shared.kind == "postgresql":
        import psycopg

        with psycopg.connect(shared.where.partition("?")[0]) as connection:
            assert connection.execute("SELECT count(*) FROM sentibench_leases").fetchone() == (0,)


def test_writers_lose_nothing_that_was_acknowledged(shared: Shared, tmp_path: Path) -> None:
    _check_writers(shared, tmp_path, processes=4 if shared.kind == "folder" else 2, results=10)


@pytest.mark.slow
def test_ten_writers_of_a_thousand_results_lose_nothing_that_was_acknowledged(shared: Shared, tmp_path: Path) -> None:
    _check_writers(shared, tmp_path, processes=10, results=1000)
