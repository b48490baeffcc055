"""A run is killed at each of its durable steps: nothing is left half written, and the same command completes it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.doctor import findings
from bench.store import Store
from bench.verify import verify
from tests.conftest import ROOT, bench_environment

RUN = ("run", "-r", "bayes", "-d", "toy", "--measure", "none")


@dataclass(frozen=True)
class Unbroken:
    """A run that nobody killed."""

    store: Store
    steps: list[list[str]]
    """`fsync PATH`, `rename FROM TO`, `unlink PATH`, relative to the store, in their order."""


def run(folder: Path, *more: str, killed_at: int = 0) -> int:
    """The command in a process of its own; its exit code."""
    environment = bench_environment(folder) | {"STEPS_LOG": str(folder / "steps"), "STEPS_KILLED_AT": str(killed_at)}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent / "steps"), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "bench", *RUN, *more], env=environment, cwd=folder, capture_output=True, check=False
    ).returncode


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    folder = tmp_path_factory.mktemp("unbroken")
    assert run(folder) == 0
    return Unbroken(Store(folder / "store"), [line.split() for line in (folder / "steps").read_text().splitlines()])


def test_all_is_flushed_before_it_has_its_name_and_the_result_comes_last(unbroken: Unbroken) -> None:
    (run_id,) = unbroken.store.run_ids()
    home = f"results/{run_id}"
    flushed: set[str] = set()
    unflushed_names: set[str] = set()
    renamed = []
    for kind, *paths in unbroken.steps:
        if kind == "fsync":
            flushed.add(paths[0])
            unflushed_names.discard(paths[0])
        elif kind == "rename":
            source, target = paths
            assert source in flushed, f"{source} is renamed to {target} and not on disk"
            if target == f"{home}/result.json":
                assert not unflushed_names, "names that are not on disk when the result appears"
            unflushed_names.add(str(Path(target).parent))
            renamed.append(target)
    assert not unflushed_names, "names that are not on disk at the end"
    artifact = unbroken.store.read(run_id).identity.artifact
    key = unbroken.store.read(run_id).identity.artifact_key
    assert renamed == [
        f"artifacts/{artifact}", f"keys/{key}.json", f"{home}/predictions.npz", f"{home}/result.json",
    ]  # fmt: skip
    assert {"artifacts", "keys", "results", home, "."} <= flushed, "the names of new folders are on disk as well"
    (source,) = (paths[0] for kind, *paths in unbroken.steps if kind == "rename" and paths[1].startswith("artifacts/"))
    assert {f"{source}/model.safetensors", f"{source}/artifact.json"} <= flushed


def complete(folder: Path, unbroken: Unbroken) -> None:
    """What a killed run left is whole; the same command makes of it what an unbroken one leaves."""
    store = Store(folder / "store")
    for run_id in store.run_ids():
        assert store.damaged(store.read(run_id)) == {}
    assert run(folder) == 0
    (run_id,) = store.run_ids()
    ours, theirs = store.read(run_id), unbroken.store.read(run_id)
    assert (ours.quality, ours.validation, ours.size) == (theirs.quality, theirs.validation, theirs.size)
    assert ours.identity.artifact == theirs.identity.artifact
    for name, array in unbroken.store.arrays(run_id, "predictions").items():
        np.testing.assert_array_equal(store.arrays(run_id, "predictions")[name], array)
    assert verify(store.root) == []
    assert findings(store) == []


def kill_and_complete(folder: Path, unbroken: Unbroken, step: int, *more: str) -> None:
    """In a store in which the data are prepared, or all is done."""
    assert run(folder, *more, killed_at=step) == -signal.SIGKILL
    complete(folder, unbroken)


def test_a_run_killed_between_its_arrays_and_its_result_is_completed(tmp_path: Path, unbroken: Unbroken) -> None:
    shutil.copytree(unbroken.store.prepared, tmp_path / "store" / "prepared")
    last = max(n for n, words in enumerate(unbroken.steps, 1) if words[0] == "rename")
    kill_and_complete(tmp_path, unbroken, last)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_killed_at_any_step_is_completed(tmp_path: Path, unbroken: Unbroken) -> None:
    for step in range(1, len(unbroken.steps) + 1):
        shutil.copytree(unbroken.store.prepared, tmp_path / str(step) / "store" / "prepared")
        kill_and_complete(tmp_path / str(step), unbroken, step)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_that_is_made_again_and_killed_at_any_step_is_completed(tmp_path: Path, unbroken: Unbroken) -> None:
    shutil.copytree(unbroken.store.root, tmp_path / "again" / "store")
    assert run(tmp_path / "again", "--cache", "retrain") == 0
    for step in range(1, len((tmp_path / "again" / "steps").read_text().splitlines()) + 1):
        shutil.copytree(unbroken.store.root, tmp_path / str(step) / "store")
        kill_and_complete(tmp_path / str(step), unbroken, step, "--cache", "retrain")
