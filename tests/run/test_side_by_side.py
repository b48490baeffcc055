"""Commands that write to one store at once: each run is made once, and a kill loses nothing that was acknowledged."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import time
from pathlib import Path

import pytest
import yaml

from bench.commands.run import SMOKE_ROWS
from bench.data import DatasetRef, prepare
from bench.store import Store
from tests.conftest import Bench, bench_environment
from tests.forks import Fork, start


def _start(folder: Path, name: str, *arguments: str) -> Fork:
    streams = (os.devnull, str(folder / f"{name}.out"), str(folder / f"{name}.err"))
    environment = bench_environment(folder)
    return start("bench", "bench", *arguments, environment=environment, folder=folder, streams=streams)


def _wait_for(condition: object, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _claims(store: Store) -> int:
    return len(list(store.locks.glob("claim-*")))


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """A suite of two parents, one slow, and their children; its data set is prepared."""
    runs = [
        {"id": "slow", "recipe": "bayes", "params": {"pause": 2.0}},
        {"id": "quick", "recipe": "bayes"},
        {"recipe": "trimmed", "parent": "slow"},
        {"recipe": "trimmed", "parent": "quick"},
    ]
    path = tmp_path / "family.yaml"
    path.write_text(yaml.safe_dump({"name": "family", "datasets": ["toy"], "seeds": [0], "runs": runs}))
    prepare(DatasetRef("toy"), tmp_path / "store" / "prepared", SMOKE_ROWS)
    return path


def test_two_commands_share_a_suite_and_one_of_them_measures_it(family: Path, tmp_path: Path) -> None:
    store, asked = Store(tmp_path / "store"), ("run", str(family), "--smoke")
    first = _start(tmp_path, "first", *asked)
    _wait_for(lambda: _claims(store) == 1)
    second = _start(tmp_path, "second", *asked)
    assert (first.wait(500), second.wait(500)) == (0, 0), (tmp_path / "second.err").read_text()
    told = [(tmp_path / f"{name}.out").read_text() for name in ("first", "second")]
    trained = [line for text in told for line in re.findall(r"^✓ .*trained in", text, re.MULTILINE)]
    assert len(trained) == 4, told
    assert "another command has made it" in told[1]
    results = [r for r in store.read_all() if r.identity.suite == "family"]
    assert len(results) == 4
    assert len({r.measurement.session.id for r in results if r.measurement and r.measurement.session}) == 1
    assert sum("Measuring 4 model(s)" in text for text in told) == 1, told
    assert _claims(store) == 0 and not any(store.work.iterdir())


@pytest.mark.slow
def test_a_killed_command_leaves_its_run_to_the_other(family: Path, tmp_path: Path, bench: Bench) -> None:
    store, asked = Store(tmp_path / "store"), ("run", str(family), "--smoke", "--measure", "none")
    killed = _start(tmp_path, "first", *asked)
    _wait_for(lambda: _claims(store) == 1)
    other = _start(tmp_path, "second", *asked)
    _wait_for(lambda: _claims(store) > 1 or len(store.run_ids()) > 1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert other.wait(500) == 0
    assert sum(r.identity.suite == "family" and r.quality is not None for r in store.read_all()) == 4
    assert bench("doctor", "--store", str(store.root)).returncode == 0


def test_two_runs_that_make_the_same_artifact_at_once_keep_one(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(4)
    processes = [fork.Process(target=_adopt, args=(tmp_path, n, barrier)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert len({json.loads((tmp_path / f"{n}.json").read_text()) for n in range(4)}) == 1


def _adopt(folder: Path, number: int, barrier: object) -> None:
    from bench.artifact import adopt, is_intact

    made = folder / f"made-{number}"
    for attempt in range(20):
        made.mkdir()
        (made / "model.bin").write_bytes(bytes([attempt]) * 100)
        barrier.wait()  # type: ignore[attr-defined]
        name = adopt(made, folder / "artifacts")
        assert is_intact(folder / "artifacts" / name)
        if made.exists():
            (made / "model.bin").unlink()
            made.rmdir()
    (folder / f"{number}.json").write_text(json.dumps(name))
