"""A node of a Ray cluster that is not as the machine where the command runs: one line names it, and what differs."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from bench.contract import Params
from bench.machine import device_class
from bench.registry import load_recipe
from bench.run.job import TrainJob
from bench.run.keys import source_part
from bench.run.ray_phase import Task, carry_out
from tests.conftest import RECIPES


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    """What a driver would send: a training of which this machine has all but the data."""
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    monkeypatch.chdir(Path.cwd())
    recipe = load_recipe("bayes")
    words = tmp_path / "words.txt"
    words.write_text("good\n")
    params: Params = {**recipe.defaults, "words": str(words)}
    store = tmp_path / "store"
    store.mkdir()
    job = TrainJob(recipe="bayes", params=params, seed=0, prepared=store / "prepared", artifact=store / "work" / "a")
    return Task(
        job, store / "work" / "train", tmp_path, store, 60, "cpu", 1, None, {"python": platform.python_version()},
        source_part(recipe, recipe.resolve(params)), device_class("cpu"),
    )  # fmt: skip


def _told(task: Task) -> str:
    ended = carry_out(task)
    assert ended.status == "unavailable" and ended.reason is not None
    node, _, reason = ended.reason.partition(": ")
    assert node == f"node {os.uname().nodename}"
    return reason


def test_a_node_without_the_store(task: Task, tmp_path: Path) -> None:
    told = _told(replace(task, store=tmp_path / "elsewhere"))
    assert told.startswith(f"there is no {tmp_path}/elsewhere; the nodes must see the store at the same path")


def test_a_node_with_another_version(task: Task) -> None:
    told = _told(replace(task, versions={"numpy": "1.0"}))
    assert told.endswith("and the run is for numpy 1.0; install the same on all nodes")
    assert "it has python" in _told(replace(task, versions={"python": "2.7"}))
    assert "it has no-such-thing missing" in _told(replace(task, versions={"no-such-thing": "1.0"}))


def test_a_node_with_other_code(task: Task, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = _told(replace(task, source="0123456789abcdef"))
    assert told == "its code of the recipe 'bayes' is another one; install the same version on all nodes"
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(tmp_path))
    assert "unknown recipe 'bayes'" in _told(task)


def test_a_node_without_the_weights(task: Task, tmp_path: Path) -> None:
    (tmp_path / "words.txt").unlink()
    told = _told(task)
    assert told.startswith(f"there is no {tmp_path}/words.txt, which a parameter names")


def test_a_node_without_the_data(task: Task) -> None:
    """The prepared data lie in the store: the node has the folder, and not what was prepared."""
    ended = carry_out(task)
    assert ended.status == "failed" and ended.reason is not None and "prepared" in ended.reason
    assert ended.reason.isprintable()


def test_a_node_with_another_accelerator(task: Task) -> None:
    assert "give --device cpu" in _told(replace(task, device="auto", device_class="cuda a-large-one"))
