"""A training over two nodes of a Ray cluster: what one node learns, and what a dead rank or a lost node costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.commands.run import SMOKE_ROWS
from bench.data import DatasetRef, prepare
from bench.schema import Result
from bench.store import Store
from tests.conftest import Bench
from tests.run.conftest import NODE, started

pytest.importorskip("ray")

ASKED = ("-d", "toy", "--smoke", "--measure", "none", "--store")
FINETUNE = "finetune[backbone=tweets-tiny,max_length=16,batch_size=16,precision=float32,dropout=0.0,devices=2,"
TINYBERT = "tinybert[checkpoint=tweets-tiny,max_length=16,batch_size=16,precision=float32,dropout=0.0,devices=2,"


@pytest.fixture
def on_cluster(tmp_path: Path, cluster: Any) -> Callable[[str], Any]:
    prepare(DatasetRef("toy"), tmp_path / "ray" / "prepared", SMOKE_ROWS)
    address = ("--executor", "ray", "--ray-address", cluster.address)
    return lambda recipe: started(tmp_path, "run", "-r", recipe, *ASKED, "ray", *address)


def _ended(process: Any) -> str:
    told, errors = process.communicate(timeout=900)
    return str(told + errors)


def _row(store: Path) -> Result:
    (result,) = Store(store).read_all()
    return result


@pytest.mark.slow
@pytest.mark.timeout(2000)
@pytest.mark.parametrize("recipe", [FINETUNE, TINYBERT], ids=["finetune", "tinybert"])
def test_two_nodes_learn_what_one_does(
    bench: Bench, tmp_path: Path, on_cluster: Callable[[str], Any], recipe: str
) -> None:
    with on_cluster(f"{recipe}epochs=1,nodes=2]") as two:
        told = _ended(two)
    assert two.returncode == 0, told
    one = bench("run", "-r", f"{recipe}epochs=1]", *ASKED, "here")
    assert one.returncode == 0, one.stdout + one.stderr
    here, there = _row(tmp_path / "here"), _row(tmp_path / "ray")
    assert (there.device.replicas, there.device.global_batch, len(there.device.hosts)) == (2, 16, 2)
    assert here.validation and there.validation
    assert there.validation.log_loss == pytest.approx(here.validation.log_loss, abs=1e-5)
    log = Store(tmp_path / "ray").file(there.run_id, "log.txt").read_text()
    assert "--- train/node-1" in log


def _kill(rank: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        for process in psutil.process_iter():
            try:
                if "bench.run.worker" in process.cmdline() and process.environ().get("RANK") == str(rank):
                    process.kill()
                    return
            except psutil.Error:
                continue
        time.sleep(0.1)
    raise AssertionError(f"no rank {rank} was started in time")


@pytest.mark.slow
@pytest.mark.timeout(2000)
def test_a_rank_that_is_killed_ends_the_run_and_the_next_one_goes_on(
    tmp_path: Path, on_cluster: Callable[[str], Any]
) -> None:
    recipe, saved = f"{FINETUNE}epochs=8,patience=8,nodes=2]", tmp_path / "ray" / "checkpoints"
    with on_cluster(recipe) as first:
        while not list(saved.glob("*/checkpoint-*/trainer_state.json")) and first.poll() is None:
            time.sleep(0.05)
        _kill(1, time.monotonic() + 5)
        told = _ended(first)
    outcome = _row(tmp_path / "ray").outcome
    assert outcome.status == "failed" and outcome.reason is not None, told
    assert outcome.reason.startswith("rank 1 of 2, on ")
    assert outcome.reason.endswith("the worker was killed by signal 9 (SIGKILL)")
    reached = max(int(path.name.partition("-")[2]) for path in saved.glob("*/checkpoint-*"))
    with on_cluster(recipe) as second:
        told = _ended(second)
    assert second.returncode == 0 and reached > 0, told
    training = _row(tmp_path / "ray").training
    assert training is not None and [entry["epoch"] for entry in training.history] == list(range(1, 9))


@pytest.mark.slow
@pytest.mark.timeout(2000)
def test_a_node_that_is_lost_is_replaced_by_another_where_there_is_one(
    tmp_path: Path, cluster: Any, on_cluster: Callable[[str], Any]
) -> None:
    with on_cluster("ranked[devices=2,nodes=2,pause=20.0]") as process:
        found, store = set[int](), Store(tmp_path / "ray")
        while len(found) < 2 and process.poll() is None:
            logs = store.work.glob("*/train/**/rank-*")
            found = {int(path.name.partition("-")[2]) for path in logs}
            time.sleep(0.1)
        cluster.add_node(**NODE)
        cluster.remove_node(cluster.other, allow_graceful=False)
        told = _ended(process)
    assert process.returncode == 0, told
    assert _row(tmp_path / "ray").device.replicas == 2


@pytest.mark.slow
def test_more_nodes_than_the_cluster_has_are_one_line(tmp_path: Path, on_cluster: Callable[[str], Any]) -> None:
    with on_cluster("ranked[devices=3,nodes=3]") as process:
        told = _ended(process)
    outcome = _row(tmp_path / "ray").outcome
    assert outcome.status == "unavailable", told
    assert outcome.reason == "nodes=3, and the cluster has 2 with 1 cores"
