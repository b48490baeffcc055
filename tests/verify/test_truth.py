"""Labels that were altered and scored again agree with themselves: verify compares runs, and the data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.data import DatasetRef, Prepared, prepare
from bench.machine import environment
from bench.measure.quality import score, validation_scores
from bench.schema import Data, Identity, Outcome, Result, Size
from bench.store import Store
from bench.verify import verify
from tests.conftest import Bench


def put_run(store: Store, seed: int, prepared: Prepared, turned: str = "") -> str:
    """A run on `prepared` as the harness scores it; the labels of the `turned` split stand the other way round."""
    random = np.random.default_rng(seed)
    names, test, validation = prepared.label_names, prepared.test(), prepared.validation()
    arrays = {"ids": np.array(test.ids), "labels": test.labels, "validation_labels": validation.labels}
    for prefix, split in (("", test), ("validation_", validation)):
        arrays[f"{prefix}probabilities"] = random.dirichlet(np.ones(len(names)), len(split)).astype(np.float32)
        if turned == prefix + "labels":
            arrays[turned] = arrays[turned][::-1]
    result = Result(
        run_id=f"chance-toy-s{seed}",
        identity=Identity(
            track="baselines", recipe="chance", variant="", framework="numpy", params={}, seed=seed,
            artifact_key="k", source_hash="s",
        ),
        data=Data(
            dataset="toy", revision="1", n_test=len(test), label_names=list(names), split_hash=prepared.test_hash,
            train_hash=prepared.train_hash,
        ),
        outcome=Outcome(status="ok", started_at="2026-01-01T00:00:00+00:00"),
        environment=environment(["numpy"], {}),
        quality=score(arrays["labels"], arrays["probabilities"], names, n_bootstrap=10),
        validation=validation_scores(arrays["validation_labels"], arrays["validation_probabilities"], names),
        size=Size(parameters=1, nonzero_parameters=1, bytes_on_disk=1, bytes_gzipped=1, bits_per_weight=8.0),
    )  # fmt: skip
    store.put(result, arrays)
    return f"results/{result.run_id}/predictions.npz"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which `toy` is prepared, and nothing else."""
    root = tmp_path_factory.mktemp("prepared")
    prepare(DatasetRef("toy"), root / "prepared", limit=90)
    return root


@pytest.fixture
def prepared(toy: Path) -> Prepared:
    (folder,) = (path.parent for path in toy.glob("prepared/*/meta.json"))
    return Prepared.open(folder)


@pytest.mark.parametrize("split", ["labels", "validation_labels"])
def test_labels_unlike_those_of_the_other_runs_are_found(tmp_path: Path, prepared: Prepared, split: str) -> None:
    store, notes = Store(tmp_path), list[str]()
    wrong = put_run(store, 0, prepared, turned=split)
    for seed in (1, 2):
        put_run(store, seed, prepared)
    (problem,) = verify(tmp_path, note=notes.append)
    assert problem.where == wrong
    assert "are not those of 2 other(s), as chance-toy-s1, with the same hash" in problem.what
    assert notes == ["labels of toy were compared between runs, not with the data: not prepared here"]


def test_labels_unlike_those_of_the_data_are_found_in_every_run(tmp_path: Path, prepared: Prepared, toy: Path) -> None:
    store, notes = Store(tmp_path), list[str]()
    wrong = [put_run(store, seed, prepared, turned="labels") for seed in (0, 1)]
    put_run(store, 2, prepared)
    problems = verify(tmp_path, store=toy, note=notes.append)
    assert [problem.where for problem in problems] == wrong and notes == []
    assert all("labels of test are not those of the data, with the same hash" in problem.what for problem in problems)


def test_data_altered_since_they_were_prepared_prove_nothing(bench: Bench, tmp_path: Path) -> None:
    prepared = prepare(DatasetRef("toy"), tmp_path / "store" / "prepared", limit=90)
    put_run(Store(tmp_path / "store"), 0, prepared)
    assert verify(tmp_path / "store", note=pytest.fail) == []
    (prepared.folder / "test-labels.parquet").write_bytes((prepared.folder / "test-texts.parquet").read_bytes())
    done = bench("verify", "--json")
    assert done.returncode == 0, done.stdout
    assert "labels of toy were compared between runs, not with the data" in json.loads(done.stdout)["notes"][0]
