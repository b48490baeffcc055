"""The executor `ray`: the rows of the local one, from runs side by side; a lost node costs nothing but time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.commands.run import SMOKE_ROWS
from bench.data import DatasetRef, prepare
from bench.schema import Result
from bench.search.summary import disagreements, read_summary
from bench.store import Store
from tests.conftest import ROOT, Bench
from tests.run.conftest import started

pytest.importorskip("ray")


def _suite(folder: Path, runs: list[dict[str, Any]], seeds: list[int]) -> str:
    path = folder / "suite.yaml"
    path.write_text(yaml.safe_dump({"name": "suite", "datasets": ["toy"], "seeds": seeds, "runs": runs}))
    return str(path)


FAMILY = [{"id": "whole", "recipe": "bayes"}, {"recipe": "trimmed", "parent": "whole"}, {"recipe": "broken"}]


def _comparable(result: Result) -> dict[str, Any]:
    identity = result.identity
    return {
        "status": result.outcome.status, "phase": result.outcome.phase, "reason": result.outcome.reason,
        "artifact": identity.artifact, "artifact_key": identity.artifact_key, "parent": identity.parent_run_id,
        "evaluation_key": identity.evaluation_key, "quality": result.quality, "validation": result.validation,
    }  # fmt: skip


@pytest.mark.slow
def test_a_suite_has_the_same_rows_on_ray_and_here(bench: Bench, tmp_path: Path) -> None:
    suite = _suite(tmp_path, FAMILY, [0])
    for store in ("here", "ray"):
        prepare(DatasetRef("toy"), tmp_path / store / "prepared", SMOKE_ROWS)
    asked = ("run", suite, "--smoke", "--measure", "none", "--store")
    assert bench(*asked, "here").returncode == 3
    with started(tmp_path, *asked, "ray", "--executor", "ray") as on_ray:
        told, errors = on_ray.communicate(timeout=500)
    assert on_ray.returncode == 3, told + errors
    here, there = (
        {result.run_id: _comparable(result) for result in Store(tmp_path / store).read_all()}
        for store in ("here", "ray")
    )
    assert there == here and len(here) == 3
    assert not any(Store(tmp_path / "ray").work.iterdir())
    again = bench(*asked, "here", "--executor", "ray", "--ray-address", "127.0.0.1:1")
    assert again.returncode == 2, "the failed run is due again"
    assert "nothing answers there" in again.stderr and again.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--ray-address", "auto"), "--ray-address is used with --executor ray alone"),
        (("--executor", "ray", "--ray-address", "ray://head:10001"), "start the command on a node of the cluster"),
        (("--executor", "ray", "--ray-address", "head"), "give HOST:PORT"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line(bench: Bench, options: tuple[str, ...], told: str) -> None:
    refused = bench("run", "-r", "bayes", "-d", "toy", "--measure", "none", *options)
    assert refused.returncode == 2
    assert told in refused.stderr and refused.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_node_that_is_lost_half_way_costs_nothing_but_time(bench: Bench, tmp_path: Path, cluster: Any) -> None:
    suite = _suite(tmp_path, [{"recipe": "bayes", "params": {"pause": 1.0}, "grid": {"alpha": [1, 2]}}], [*range(20)])
    for store in ("here", "ray"):
        prepare(DatasetRef("toy"), tmp_path / store / "prepared", SMOKE_ROWS)
    asked = ("run", suite, "--smoke", "--measure", "none", "--store")
    assert bench(*asked, "here").returncode == 0
    found, half = Store(tmp_path / "ray"), 20
    address = ("--executor", "ray", "--ray-address", cluster.address)
    with started(tmp_path, *asked, "ray", *address) as on_ray:
        while len(found.run_ids()) < half and on_ray.poll() is None:
            time.sleep(0.2)
        cluster.remove_node(cluster.other, allow_graceful=False)
        told, errors = on_ray.communicate(timeout=1500)
    assert on_ray.returncode == 0, told + errors
    here, there = (
        {result.run_id: _comparable(result) for result in Store(tmp_path / store).read_all()}
        for store in ("here", "ray")
    )
    assert there == here and len(here) == 40
    assert sum("trained in" in line for line in told.splitlines()) == 40, "none twice"


@pytest.mark.slow
def test_measuring_has_its_node_alone(tmp_path: Path, cluster: Any) -> None:
    prepare(DatasetRef("toy"), tmp_path / "ray" / "prepared", SMOKE_ROWS)
    asked = ("run", "-r", "bayes", "-d", "toy", "--smoke", "--store", "ray", "--executor", "ray")
    with started(tmp_path, *asked, "--ray-address", cluster.address) as on_ray:
        told, errors = on_ray.communicate(timeout=500)
    assert on_ray.returncode == 0, told + errors
    (result,) = Store(tmp_path / "ray").read_all()
    assert result.measurement is not None and result.measurement.session is not None


@pytest.mark.slow
def test_the_trials_of_a_search_run_side_by_side(tmp_path: Path, cluster: Any) -> None:
    """As many as were asked for, none twice, the first as it is here; then the best as ordinary runs."""
    asked = ("search", "epochal", "-d", "toy", "--trials", "6", "--seeds", "1", "--measure", "none")
    address = ("--executor", "ray", "--ray-address", cluster.address)
    for store, options in (("ray", address), ("here", ())):
        with started(tmp_path, *asked, "--store", store, *options) as search:
            told, errors = search.communicate(timeout=500)
        assert search.returncode == 0, told + errors
    there, here = (read_summary(next((tmp_path / store / "searches").glob("*.json"))) for store in ("ray", "here"))
    assert [trial.number for trial in there.trials] == [1, 2, 3, 4, 5, 6] and disagreements(there) == []
    assert len(there.finished) == 6 and there.count("failed") == 0
    assert (there.trials[0].params, there.trials[0].value) == (here.trials[0].params, here.trials[0].value)
    assert [result.identity.seed for result in Store(tmp_path / "ray").read_all()] == [1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("compress", "RUN", "--target", "size<=10MB", "--max-drop", "0.5", "--steps", "trimmed", "--trials", "2"),
        ("auto", "-d", "toy", "--smoke", "--minutes", "20", "-r", "bayes", "-r", "trimmed[ratio=0.5]"),
    ],
    ids=lambda command: command[0],
)
def test_compress_and_auto_train_on_ray_and_time_here(
    bench: Bench, tmp_path: Path, cluster: Any, command: tuple[str, ...]
) -> None:
    ran = bench("run", "-r", "bayes", "-d", "toy", "--smoke", "--measure", "none", "--store", "ray")
    (run,) = Store(tmp_path / "ray").run_ids()
    assert ran.returncode == 0
    asked = [run if word == "RUN" else word for word in command]
    with started(tmp_path, *asked, "--store", "ray", "--executor", "ray", "--ray-address", cluster.address) as on_ray:
        told, errors = on_ray.communicate(timeout=500)
    assert on_ray.returncode == 0, told + errors
    made = [result for result in Store(tmp_path / "ray").read_all() if result.identity.recipe == "trimmed"]
    assert made and all(result.measurement is not None for result in made), told


def test_without_ray_the_extra_is_named(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "ray.py").write_text("raise ModuleNotFoundError('no', name='ray')\n")
    asked = ("run", "-r", "bayes", "-d", "toy", "--measure", "none", "--executor", "ray")
    refused = bench(*asked, PYTHONPATH=f"{tmp_path / 'fake'}:{ROOT}")
    assert refused.returncode == 2
    assert refused.stderr == "error: --executor ray needs 'ray': pip install -r requirements-scale.txt\n"
