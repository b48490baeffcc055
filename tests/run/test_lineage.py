"""Parents and children through `bench run`: lineage, order, gates, and what happens when a parent is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bench.artifact import folder_hash
from bench.data import DatasetRef
from bench.run.lineage import Lineage
from bench.schema import Validation
from bench.spec import Gate, RunSpec
from bench.store import Store
from tests.conftest import Bench, run_bench
from tests.report.synthetic import Model, result

GROUP = {"name": "family", "datasets": ["toy"], "seeds": [0, 1], "measure": "none"}


def _suite(folder: Path, *runs: dict[str, Any], **changes: Any) -> str:
    path = folder / "family.yaml"
    path.write_text(yaml.safe_dump({**GROUP, "runs": list(runs)} | changes))
    return str(path)


def _rows(folder: Path, recipe: str) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (folder / "store" / "results").glob("*/result.json")]
    return sorted((r for r in found if r["identity"]["recipe"] == recipe), key=lambda r: r["identity"]["variant"])


FAMILY: list[dict[str, Any]] = [
    {"id": "whole", "recipe": "bayes"},
    {"id": "less", "recipe": "trimmed", "parent": "whole", "params": {"ask": True, "ratio": 0.9}},
    {"recipe": "trimmed", "parent": "less", "params": {"ratio": 0.75}},
]


@pytest.fixture(scope="module")
def ran_family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("family")
    ran = run_bench(folder, "run", _suite(folder, *FAMILY))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


@pytest.fixture
def family(ran_family: Path, tmp_path: Path) -> str:
    """A copy of a store that holds the family, and its suite."""
    shutil.copytree(ran_family / "store", tmp_path / "store")
    return _suite(tmp_path, *FAMILY)


def test_a_chain_has_its_lineage_and_is_cached(bench: Bench, tmp_path: Path, family: str) -> None:
    whole = {row["identity"]["seed"]: row for row in _rows(tmp_path, "bayes")}
    children = _rows(tmp_path, "trimmed")
    assert len(children) == 4
    half = [row for row in children if row["identity"]["params"]["ask"]]
    for row in half:
        parent = whole[row["identity"]["seed"]]
        assert row["identity"]["parent_run_id"] == row["identity"]["teacher_run_id"] == parent["run_id"]
        assert row["identity"]["key_parts"]["parent"] == parent["identity"]["artifact"][:16]
    ids = {row["run_id"] for row in half}
    assert {r["identity"]["parent_run_id"] for r in children if not r["identity"]["params"]["ask"]} == ids
    again = bench("run", family)
    assert "Everything is cached: all 6 runs" in again.stdout


def test_the_parent_is_untouched_and_the_child_serves_from_its_folder_alone(tmp_path: Path, family: str) -> None:
    store = Store(tmp_path / "store")
    for row in _rows(tmp_path, "bayes"):
        assert folder_hash(store.artifacts / row["identity"]["artifact"]) == row["identity"]["artifact"]
    card = json.loads(
        (store.artifacts / _rows(tmp_path, "trimmed")[0]["identity"]["artifact"] / "artifact.json").read_text()
    )
    assert (card["recipe"], card["layout"]) == ("trimmed", "bayes")


def test_a_second_student_asks_no_teacher(bench: Bench, tmp_path: Path, family: str) -> None:
    cached = sorted((tmp_path / "store" / "cache" / "teachers").glob("*.npz"))
    assert len(cached) == 2  # one a seed
    row = _rows(tmp_path, "bayes")[0]
    (mine,) = [path for path in cached if path.name.startswith(row["identity"]["artifact"][:24])]
    before = mine.stat().st_mtime_ns
    ran = bench("run", "-r", "trimmed[ask=true,ratio=0.25]", "--parent", row["run_id"], "--measure", "none")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert mine.stat().st_mtime_ns == before and len(list(mine.parent.iterdir())) == 2
    content = mine.read_bytes()
    mine.write_bytes(content[: len(content) // 2])
    torn = bench("run", "-r", "trimmed[ask=true,ratio=0.3]", "--parent", row["run_id"], "--measure", "none")
    assert torn.returncode == 0, torn.stdout + torn.stderr
    with np.load(mine) as file:
        assert file["probabilities"].shape == (2400, 3)
    log = next((tmp_path / "store" / "results").glob("trimmed-*/log.txt")).read_text()
    assert f"cache teachers/{mine.name} thrown away and made again" in log


def test_a_parent_whose_artifact_is_gone_is_trained_again(bench: Bench, tmp_path: Path, family: str) -> None:
    shutil.rmtree(tmp_path / "store" / "artifacts")
    more = {"recipe": "trimmed", "parent": "whole", "params": {"ratio": 0.1}}
    suite = _suite(tmp_path, {"id": "whole", "recipe": "bayes"}, more, seeds=[0])
    ran = bench("run", suite)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(_rows(tmp_path, "trimmed")) == 5
    row = next(r for r in _rows(tmp_path, "bayes") if r["identity"]["seed"] == 1)
    lost = bench("run", "-r", "trimmed[ratio=0.2]", "--parent", row["run_id"])
    assert lost.returncode == 2 and "is not in the store: train that run again first" in lost.stderr


def test_a_gate_backs_off_and_says_so(bench: Bench, tmp_path: Path) -> None:
    suite = _suite(
        tmp_path,
        {"id": "whole", "recipe": "bayes"},
        {
            "id": "small", "recipe": "trimmed", "parent": "whole", "params": {"ratio": 0.9999}, "max_drop": 0.01,
            "back_off": {"ratio": [0.9998, 0.01]},
        },
        {"recipe": "trimmed", "parent": "small", "params": {"ask": True}},
        seeds=[0],
    )  # fmt: skip
    ran = bench("run", suite)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "of accuracy on validation, more than max_drop=0.01; trying trimmed[ratio=0.9998]" in ran.stdout
    rows = {row["run_id"]: row["identity"]["params"] for row in _rows(tmp_path, "trimmed")}
    assert sorted(p["ratio"] for p in rows.values()) == [0.01, 0.5, 0.9998, 0.9999]
    last = next(row for row in _rows(tmp_path, "trimmed") if row["identity"]["params"]["ask"])
    assert rows[last["identity"]["parent_run_id"]]["ratio"] == 0.01


@pytest.mark.parametrize(("max_drop", "passes"), [(0.0199, False), (0.02, True)])
def test_a_gate_is_as_wide_as_it_says(bench: Bench, tmp_path: Path, family: str, max_drop: float, passes: bool) -> None:
    """`less` is wrong in 8 more of the 400 texts of validation than its parent."""
    parent = next(row for row in _rows(tmp_path, "bayes") if row["identity"]["seed"] == 0)
    child = next(r for r in _rows(tmp_path, "trimmed") if r["identity"]["parent_run_id"] == parent["run_id"])
    assert round((parent["validation"]["accuracy"] - child["validation"]["accuracy"]) * 400, 6) == 8
    ran = bench("run", _suite(tmp_path, FAMILY[0], FAMILY[1] | {"max_drop": max_drop}, FAMILY[2], seeds=[0]))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ("loses 0.0200 of accuracy on validation, more than max_drop=0.0199;" in ran.stdout) == (not passes)
    assert ("Everything is cached" in ran.stdout) == passes


@pytest.mark.parametrize(("dataset", "missed"), [("tweeteval-sentiment-rebuilt", "macro-recall"), ("emotions", "")])
def test_a_gate_is_of_the_metric_of_the_data_set(tmp_path: Path, dataset: str, missed: str) -> None:
    store = Store(tmp_path / "store")
    scores = {"accuracy": 0.7, "macro_f1": 0.6, "log_loss": 1.0, "n": 100}
    parent, _ = result(Model("bayes"), 0, dataset, 20, validation=Validation(macro_recall=0.6, **scores))
    store.put(parent)
    child, _ = result(Model("trimmed"), 0, dataset, 20, validation=Validation(macro_recall=0.5, **scores))
    spec = RunSpec("trimmed", {}, DatasetRef(dataset), 0, parents=(parent.run_id,), gate=Gate(0.01))
    lineage = Lineage(store)
    lineage.add(spec, child)
    found = lineage.failed_gate(spec)
    assert (found is not None and f"loses 0.1000 of {missed} on validation" in found) if missed else found is None


def test_a_gate_that_nothing_passes_stops_the_chain(bench: Bench, tmp_path: Path) -> None:
    suite = _suite(
        tmp_path,
        {"id": "whole", "recipe": "bayes"},
        {"id": "small", "recipe": "trimmed", "parent": "whole", "params": {"ratio": 0.9999}, "max_drop": 0.01},
        {"recipe": "trimmed", "parent": "small", "params": {"ask": True}},
        seeds=[0],
    )
    ran = bench("run", suite)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    last = next(row for row in _rows(tmp_path, "trimmed") if row["identity"]["params"]["ask"])
    assert last["outcome"]["status"] == "skipped" and "more than max_drop=0.01" in last["outcome"]["reason"]


def test_a_failed_parent_leaves_a_row_for_its_child(bench: Bench, tmp_path: Path) -> None:
    suite = _suite(
        tmp_path,
        {"id": "whole", "recipe": "broken"},
        {"recipe": "trimmed", "parent": "whole"},
        seeds=[0],
    )
    ran = bench("run", suite)
    assert ran.returncode == 4
    (row,) = _rows(tmp_path, "trimmed")
    assert row["outcome"]["status"] == "skipped" and "is failed" in row["outcome"]["reason"]


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([{"recipe": "trimmed"}], "takes one parent, and has none"),
        ([{"id": "a", "recipe": "bayes"}, {"recipe": "bayes", "parent": "a"}], "it takes no parent"),
        ([{"id": "whole", "recipe": "bayes"}, {"recipe": "trimmed", "parent": "hole"}], "did you mean 'whole'?"),
        ([{"id": "a", "recipe": "bayes"}, {"recipe": "trimmed", "parent": "a@5"}], "no run of seed 5"),
        ([{"recipe": "bayes", "id": "a"}, {"recipe": "trimmed", "parent": "a", "back_off": {"ratio": []}}], "max_drop"),
    ],
)  # fmt: skip
def test_a_suite_with_a_wrong_family_is_refused(
    bench: Bench, tmp_path: Path, runs: list[dict[str, Any]], said: str
) -> None:
    ran = bench("run", _suite(tmp_path, *runs))
    assert ran.returncode == 2 and said in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_a_parent_of_other_labels_is_refused(bench: Bench, tmp_path: Path, family: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n" + "".join(f"text number {i},{'ab'[i % 2]}\n" for i in range(60)))
    parent = _rows(tmp_path, "bayes")[0]["run_id"]
    ran = bench("run", "-r", "trimmed", "--parent", parent, "-d", str(path))
    assert ran.returncode == 4 and "a child keeps its parent's" in ran.stdout


def test_a_parent_with_the_labels_in_another_order_is_refused(bench: Bench, tmp_path: Path, family: str) -> None:
    store = Store(tmp_path / "store")
    row = _rows(tmp_path, "bayes")[0]
    artifact = store.artifacts / row["identity"]["artifact"]
    card = json.loads((artifact / "artifact.json").read_text())
    (artifact / "artifact.json").write_text(json.dumps(card | {"label_names": card["label_names"][::-1]}))
    row["identity"]["artifact"] = folder_hash(artifact)
    artifact.rename(store.artifacts / row["identity"]["artifact"])
    (store.folder(row["run_id"]) / "result.json").write_text(json.dumps(row))
    ran = bench("run", "-r", "trimmed[ratio=0.2]", "--parent", row["run_id"], "--measure", "none")
    assert ran.returncode == 4, ran.stdout + ran.stderr
    assert "for the labels positive, neutral, negative; toy has negative, neutral, positive" in ran.stdout
    assert "a child keeps its parent's, and their order" in " ".join(ran.stdout.split())


def test_the_contract_of_a_compression_recipe_is_checked(bench: Bench) -> None:
    ran = bench("check", "trimmed")
    assert ran.returncode == 0, ran.stdout + ran.stderr
