"""Weights that cross between the frameworks give the same probabilities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import load_artifact, read_card
from bench.store import Store
from compression.recipes.port import Port
from tests.baselines.sentences import split
from tests.compression.parents import write_card
from tests.conftest import Bench
from tests.tf_tinybert.checkpoints import write_checkpoint
from tests.tf_tinybert.conftest import run_phase

UNSEEN = split(120, 2).texts


def ported(parent: Path, folder: Path) -> Path:
    """A child in the layout of the other framework, with its card."""
    folder.mkdir()
    Port().compress([parent], split(3, 0), split(3, 1), {}, 0, folder)
    write_card(folder, Port().resolve({}).layout_of([read_card(parent)]))
    return folder


def test_both_frameworks_compute_the_same_from_the_same_weights(tmp_path: Path) -> None:
    """Trained in Keras, carried to PyTorch, and back."""
    given = {"checkpoint": str(write_checkpoint(tmp_path / "checkpoint")), "epochs": 1, "max_length": 16}
    run_phase("fit", tmp_path / "keras", json.dumps(given))
    write_card(tmp_path / "keras", "tinybert")
    torch = ported(tmp_path / "keras", tmp_path / "torch")
    back = ported(torch, tmp_path / "back")
    whole, again = run_phase("say", tmp_path / "said", json.dumps([str(tmp_path / "keras"), str(back)]))
    theirs = load_artifact(torch).predict_proba(UNSEEN)
    assert 0 < np.abs(np.array(whole) - theirs).max() < 1e-4
    assert whole == again


def _rows(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (folder / "store" / "results").glob("*/result.json")]
    return {row["device"]["runtime"] + ("<" if row["identity"]["parent_run_id"] else ""): row for row in found}


@pytest.mark.slow
def test_so_do_they_through_the_harness(bench: Bench, tmp_path: Path) -> None:
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
    assert ran.returncode == 2 and "takes artifacts of tinybert, finetune, not of 'bayes'" in ran.stderr
