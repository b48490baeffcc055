"""A training of several ranks on this machine: the row tells who took part, or which of them ended it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bench.schema import Result
from bench.store import Store
from tests.conftest import Bench


def _run(bench: Bench, tmp_path: Path, params: str) -> tuple[int, Result]:
    done = bench("run", "-r", f"ranked[{params}]", "-d", "toy", "--smoke", "--measure", "none")
    (result,) = Store(tmp_path / "store").read_all()
    return done.returncode, result


def test_the_row_has_replicas_hosts_and_batch_and_the_log_of_every_rank(bench: Bench, tmp_path: Path) -> None:
    code, result = _run(bench, tmp_path, "devices=2")
    assert code == 0, result.outcome
    device = result.device
    assert (device.replicas, device.global_batch, len(device.hosts)) == (2, 16, 2)
    log = (tmp_path / "store" / "results" / result.run_id / "log.txt").read_text()
    for rank in (0, 1):
        assert f"--- train/rank-{rank}\nrank {rank} of 2 has " in log
    assert not any(Store(tmp_path / "store").work.iterdir())


@pytest.mark.parametrize(
    ("how", "told"),
    [("killed", "the worker was killed by signal 9 (SIGKILL)"), ("one", "nothing to learn for me")],
)
def test_a_dead_rank_ends_the_run_as_a_row_that_names_it(bench: Bench, tmp_path: Path, how: str, told: str) -> None:
    code, result = _run(bench, tmp_path, f"devices=2,how={how}")
    outcome = result.outcome
    assert code == 4 and (outcome.status, outcome.phase) == ("failed", "train")
    assert outcome.reason == f"rank 1 of 2, on {socket.gethostname()}: {told}"
    assert outcome.log_tail is not None and "rank 1 of 2 has" in outcome.log_tail, "the log of that rank"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("devices=3,nodes=2", "devices=3 cannot be shared by nodes=2: give a multiple, such as 4"),
        ("devices=0", "devices=0 cannot be shared by nodes=1: give a multiple, such as 1"),
        ("nodes=2", "devices=1 cannot be shared by nodes=2: give a multiple, such as 2"),
    ],
)
def test_devices_that_the_nodes_cannot_share_are_one_line(bench: Bench, params: str, told: str) -> None:
    refused = bench("run", "-r", f"ranked[{params}]", "-d", "toy", "--smoke", "--measure", "none")
    assert refused.returncode == 2
    assert told in refused.stderr and refused.stderr.count("\n") == 1


def test_several_nodes_take_ray(bench: Bench, tmp_path: Path) -> None:
    code, result = _run(bench, tmp_path, "devices=2,nodes=2")
    assert code == 4 and result.outcome.status == "unavailable"
    assert result.outcome.reason == "nodes=2 takes a cluster of Ray: --executor ray"
