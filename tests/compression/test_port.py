"""Weights that cross between the frameworks give the same probabilities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.store import Store
from tests.conftest import Bench


def _rows(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (folder / "store" / "results").glob("*/result.json")]
    return {row["device"]["runtime"] + ("<" if row["identity"]["parent_run_id"] else ""): row for row in found}


def test_both_frameworks_compute_the_same_from_the_same_weights(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(
        "name: both\ndatasets: [toy]\nmeasure: none\nruns:\n"
        "  - {id: keras, recipe: tinybert}\n  - {id: pytorch, recipe: port, parent: keras}\n"
        "  - {recipe: port, parent: pytorch}\n"
    )
    ran = bench("run", "suite.yaml", "--smoke")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows, store = _rows(tmp_path), Store(tmp_path / "store")
    keras, torch, back = (store.arrays(rows[name]["run_id"], "predictions") for name in ("keras", "torch<", "keras<"))
    assert list(keras["ids"]) == list(torch["ids"]) and len(keras["ids"]) == 300
    assert 0 < np.abs(keras["probabilities"] - torch["probabilities"]).max() < 1e-4
    assert np.array_equal(keras["probabilities"], back["probabilities"])


def test_what_has_no_other_framework_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench("run", "-r", "bayes", "-d", "toy", "--measure", "none")
    (path,) = (tmp_path / "store" / "results").glob("bayes*")
    ran = bench("run", "-r", "port", "--parent", path.name, "--measure", "none")
    assert ran.returncode == 4 and "port carries finetune and tinybert models over, not 'bayes'" in ran.stdout
