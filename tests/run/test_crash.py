"""Kills, full disks and half-written files: what was finished stays, and the same command goes on."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from bench.machine import machine_id
from bench.store import Store, write_atomic
from tests.conftest import Bench, bench_environment

QUICK = ("-d", "toy", "--measure", "none")


def _start(tmp_path: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        env=bench_environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _workers_of(store: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"bench.run.worker" in line and str(store).encode() in line:
            found.append(path.parent.name)
    return found


def _wait_for(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_kill_in_training_loses_no_finished_run_and_the_same_command_resumes(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    arguments = ("run", "-r", "bayes", "-r", "bayes[pause=30]", *QUICK)
    process = _start(tmp_path, *arguments)
    _wait_for(lambda: len(store.run_ids()) == 1)
    finished = (store.folder(store.run_ids()[0]) / "result.json").read_bytes()
    _wait_for(lambda: _workers_of(tmp_path / "store"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait_for(lambda: not _workers_of(tmp_path / "store"), 10)
    assert [(store.folder(r) / "result.json").read_bytes() for r in store.run_ids()] == [finished]
    dry = bench("run", "-r", "bayes", "-r", "bayes[pause=30]", *QUICK, "--dry-run")
    assert "1 of 2 runs are due" in dry.stdout
    assert bench("run", "-r", "bayes", "-r", "bayes[pause=0.5]", *QUICK).returncode == 0


def test_kills_at_any_moment_leave_a_store_that_the_same_command_completes(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    arguments = ("run", "-r", "bayes[pause=0.2]", "--seeds", "0-2", *QUICK)
    for delay in np.linspace(0.3, 4.0, 8):
        process = _start(tmp_path, *arguments)
        time.sleep(float(delay))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for run_id in store.run_ids():
            store.result(run_id)
            assert store.arrays(run_id, "predictions")["probabilities"].shape[1] == 3
    done = bench(*arguments)
    assert done.returncode == 0, done.stderr
    assert len(store.run_ids()) == 3
    assert bench("verify", str(tmp_path / "store")).returncode == 0


def test_a_chain_killed_in_its_middle_goes_on(bench: Bench, tmp_path: Path) -> None:
    store, suite = Store(tmp_path / "store"), tmp_path / "chain.yaml"
    chain = [
        {"id": "whole", "recipe": "bayes"},
        {"id": "half", "recipe": "trimmed", "parent": "whole", "params": {"pause": 3.0}},
        {"recipe": "trimmed", "parent": "half", "params": {"ratio": 0.75}},
    ]
    suite.write_text(yaml.safe_dump({"name": "chain", "datasets": ["toy"], "seeds": [0], "runs": chain}))
    process = _start(tmp_path, "run", str(suite), "--measure", "none")
    _wait_for(lambda: len(store.run_ids()) == 1 and _workers_of(store.work))
    process.send_signal(signal.SIGKILL)
    process.wait()
    (whole,) = store.run_ids()
    before = (store.folder(whole) / "result.json").read_bytes()
    gone_on = bench("run", str(suite), "--measure", "none")
    assert gone_on.returncode == 0, gone_on.stdout + gone_on.stderr
    assert (store.folder(whole) / "result.json").read_bytes() == before
    child_of = {found.identity.parent_run_id: found.run_id for found in map(store.result, store.run_ids())}
    assert child_of.keys() == {None, whole, child_of[whole]}
    assert bench("verify", str(tmp_path / "store")).returncode == 0


def test_a_full_disk_is_one_line_and_what_is_stored_stays(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", *QUICK).returncode == 0
    store = Store(tmp_path / "store")
    before = {run_id: (store.folder(run_id) / "result.json").read_bytes() for run_id in store.run_ids()}
    full = subprocess.run(
        [sys.executable, "-m", "bench", "run", "-r", "bayes", "--seeds", "1", *QUICK],
        env=bench_environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        check=False,
    )
    assert full.returncode == 2
    assert full.stderr.startswith("error: cannot write ")
    assert "--store" in full.stderr
    assert full.stderr.count("\n") == 1
    assert {run_id: (store.folder(run_id) / "result.json").read_bytes() for run_id in store.run_ids()} == before
    assert bench("run", "-r", "bayes", "--seeds", "0-1", *QUICK).returncode == 0


def test_an_artifact_cut_short_by_a_power_loss_is_noticed_and_trained_again(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", *QUICK).returncode == 0
    store = Store(tmp_path / "store")
    (run_id,) = store.run_ids()
    artifact = store.artifacts / str(store.result(run_id).identity.artifact)
    weights = artifact / "model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)
    again = bench("run", "-r", "bayes", "-d", "toy")
    assert again.returncode == 0, again.stdout
    assert "its artifact is not in the store" in again.stdout
    measured = store.result(run_id).measurement
    assert measured is not None and measured.machine == machine_id()


def test_a_corrupt_result_is_said_skipped_and_made_again(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", "--seeds", "0-1", *QUICK).returncode == 0
    store = Store(tmp_path / "store")
    path = store.folder(store.run_ids()[0]) / "result.json"
    os.truncate(path, 100)
    shown = bench("compare")
    assert shown.returncode == 0
    assert f"warning: corrupt result skipped: {path}" in shown.stderr
    assert bench("run", "-r", "bayes", "--seeds", "0-1", *QUICK).returncode == 0
    assert len(list(store.documents())) == 2


def test_a_result_of_a_newer_schema_is_refused_and_left_alone(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", *QUICK).returncode == 0
    store = Store(tmp_path / "store")
    path = store.folder(store.run_ids()[0]) / "result.json"
    newer = json.dumps(json.loads(path.read_text()) | {"schema_version": 99})
    path.write_text(newer)
    for arguments in (("compare",), ("run", "-r", "bayes", *QUICK)):
        refused = bench(*arguments)
        assert refused.returncode == 2
        assert "schema version 99 is newer" in refused.stderr
    assert path.read_text() == newer


def test_two_commands_at_once_on_one_store(bench: Bench, tmp_path: Path) -> None:
    process = _start(tmp_path, "run", "-r", "bayes[pause=20]", *QUICK)
    try:
        _wait_for(lambda: _workers_of(tmp_path / "store"))
        second = bench("run", "-r", "bayes", *QUICK)
        assert second.returncode == 2
        assert f"in use by process {process.pid}" in second.stderr
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("store", ["/proc/nowhere", "/dev/null/store"])
def test_a_store_that_cannot_be_written(bench: Bench, store: str) -> None:
    refused = bench("run", "-r", "bayes", *QUICK, "--store", store)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"error: cannot write to the store {store}")
    assert refused.stderr.count("\n") == 1


def test_write_atomic_leaves_the_old_file_when_the_new_one_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    code = (
        "import resource, sys; from pathlib import Path; from bench.store import write_atomic;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "write_atomic(Path(sys.argv[1]), b'x' * 100)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=False)
    assert run.returncode != 0
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
