"""Kills, full disks and half-written files: what was finished stays, and the same command goes on."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from bench.artifact import is_intact
from bench.cli import main
from bench.data import DatasetRef, prepare
from bench.store import Store
from bench.verify import verify
from tests.conftest import Bench, bench_environment
from tests.forks import Fork, start
from tests.report.synthetic import Model, result

QUICK = ("-d", "toy", "--measure", "none")


def _start(tmp_path: Path, *arguments: str) -> Fork:
    streams = (os.devnull, os.devnull, os.devnull)
    return start(
        "bench", "bench", *arguments, environment=bench_environment(tmp_path), folder=tmp_path, streams=streams
    )


def _children(process: Fork) -> list[int]:
    """The processes that one has started, by their parent's id."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == process.pid:
                found.append(int(path.parent.name))
    return found


def _lives(pid: int) -> bool:
    """Whether it does anything yet: one that nobody has waited for has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _training(store: Store) -> bool:
    """Whether a worker is inside a recipe: the folder of the artifact is made right before."""
    return any(store.work.glob("*/train/artifact"))


def _wait_for(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_kill_in_training_loses_no_finished_run_and_the_same_command_resumes(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    arguments = ("run", "-r", "bayes", "-r", "bayes[pause=30]", *QUICK)
    process = _start(tmp_path, *arguments)
    _wait_for(lambda: len(store.run_ids()) == 1 and _training(store))
    finished = (store.folder(store.run_ids()[0]) / "result.json").read_bytes()
    (worker,) = _children(process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait_for(lambda: not _lives(worker), 10)
    assert [(store.folder(r) / "result.json").read_bytes() for r in store.run_ids()] == [finished]
    dry = bench("run", "-r", "bayes", "-r", "bayes[pause=30]", *QUICK, "--dry-run")
    assert "1 of 2 runs are due" in dry.stdout
    assert bench("run", "-r", "bayes", "-r", "bayes[pause=0.5]", *QUICK).returncode == 0


def test_kills_at_any_moment_leave_a_store_that_the_same_command_completes(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    arguments = ("run", "-r", "bayes[pause=0.2]", "--seeds", "0-2", *QUICK)
    for delay in np.linspace(0.3, 4.0, 4):
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


@pytest.mark.slow
def test_a_chain_killed_in_its_middle_goes_on(bench: Bench, tmp_path: Path) -> None:
    store, suite = Store(tmp_path / "store"), tmp_path / "chain.yaml"
    chain = [
        {"id": "whole", "recipe": "bayes"},
        {"id": "half", "recipe": "trimmed", "parent": "whole", "params": {"pause": 3.0}},
        {"recipe": "trimmed", "parent": "half", "params": {"ratio": 0.75}},
    ]
    suite.write_text(yaml.safe_dump({"name": "chain", "datasets": ["toy"], "seeds": [0], "runs": chain}))
    process = _start(tmp_path, "run", str(suite), "--measure", "none")
    _wait_for(lambda: len(store.run_ids()) == 1 and _training(store))
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
    again = bench("run", "-r", "bayes", *QUICK)
    assert again.returncode == 0, again.stdout
    assert "train" in again.stdout and "its artifact was altered" in again.stdout
    assert is_intact(store.artifacts / str(store.result(run_id).identity.artifact))
    assert "Everything is cached" in bench("run", "-r", "bayes", *QUICK).stdout


def test_damaged_rows_are_named_once_and_made_again_and_a_newer_one_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    arguments = ("run", "-r", "bayes", "--seeds", "0-2", *QUICK)
    assert bench(*arguments).returncode == 0
    store = Store(tmp_path / "store")
    none, torn, newer = (store.folder(run_id) / "result.json" for run_id in store.run_ids())
    none.write_text("null")
    os.truncate(torn.parent / "predictions.npz", 100)
    newer.write_text(json.dumps(json.loads(newer.read_text()) | {"schema_version": 99}))
    kept = newer.read_bytes()
    again = bench(*arguments)
    assert again.returncode == 0, again.stdout + again.stderr
    assert [line.split(": ")[2] for line in again.stderr.splitlines()] == [str(none), str(newer)]
    assert "its predictions.npz is damaged or gone" in again.stdout
    assert "newer software has stored it: upgrade sentibench" in again.stdout
    assert newer.read_bytes() == kept
    assert [problem.where.split("/")[1] for problem in verify(store.root)] == [newer.parent.name]


def test_a_failure_never_takes_the_place_of_a_good_row(bench: Bench, tmp_path: Path) -> None:
    arguments = ("run", "-r", "bayes[pause=2]", *QUICK)
    assert bench(*arguments).returncode == 0
    store = Store(tmp_path / "store")
    (run_id,) = store.run_ids()
    before = (store.folder(run_id) / "result.json").read_bytes()
    late = bench(*arguments, "--cache", "retrain", "--timeout", "1")
    assert late.returncode == 4
    assert "timeout in train: still running after 1 s; its earlier result stays" in late.stdout
    assert (store.folder(run_id) / "result.json").read_bytes() == before
    assert verify(store.root) == []


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """`mount(folder, "size=1m")` puts a file system in memory there; needs root."""
    mounted: list[Path] = []

    def run(folder: Path, options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no file system can be mounted here")
        if folder not in mounted:
            mounted.append(folder)

    yield run
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_when_a_job_is_written_is_a_row(bench: Bench, tmp_path: Path, mount: Callable[..., None]) -> None:
    store = Store(tmp_path / "store")
    prepare(DatasetRef("toy"), store.prepared)
    mount(store.work, "size=64k,nr_inodes=2")
    done = bench("run", "-r", "constant", *QUICK)
    assert (done.returncode, done.stderr.count("Traceback")) == (4, 0), done.stderr
    (failed,) = store.read_all()
    assert failed.outcome.phase == "train"
    assert "No space left on device" in str(failed.outcome.reason)


def test_a_store_on_a_read_only_disk_is_read_and_refuses_a_run_in_one_line(
    tmp_path: Path, mount: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "disk" / "store")
    mount(tmp_path / "disk", "size=1m")
    store.put(*result(Model("linear"), n=60))
    mount(tmp_path / "disk", "remount,ro")
    for arguments, code in ((("compare",), 0), (("doctor", "--json"), 1), (("run", "-r", "constant", *QUICK), 2)):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--store", str(store.root)])
        assert ended.value.code == code
    assert capsys.readouterr().err.startswith(f"error: cannot write to the store {store.root}: Read-only file system")


def test_beside_a_run_another_one_works_and_who_wants_the_store_alone_is_refused(bench: Bench, tmp_path: Path) -> None:
    process = _start(tmp_path, "run", "-r", "bayes[pause=60]", *QUICK)
    try:
        _wait_for(lambda: _children(process))
        assert bench("run", "-r", "bayes", *QUICK).returncode == 0
        refused = bench("rm", "--failed")
        assert refused.returncode == 2
        assert f"in use by process {process.pid}" in refused.stderr
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("store", ["/proc/nowhere", "/dev/null/store"])
def test_a_store_that_cannot_be_written(bench: Bench, store: str) -> None:
    refused = bench("run", "-r", "bayes", *QUICK, "--store", store)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"error: cannot write to the store {store}")
    assert refused.stderr.count("\n") == 1
