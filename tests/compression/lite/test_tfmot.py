"""What `tfmot` does to the baselines, read from the files that it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from bench.api import BenchError, Split
from compression.recipes.tfmot import Tfmot
from tests.compression.lite.conftest import Family
from tests.compression.lite.phases import CORE

WEIGHTS = "weights.safetensors"


def child(*values: Any) -> Any:
    """A parameter, the name of a child first; slow where only slow tests have it made."""
    return pytest.param(*values, marks=[] if values[0] in CORE else pytest.mark.slow)


def test_pruning_sets_weights_to_zero_and_keeps_layout_and_size(family: Family) -> None:
    pruned = load_file(family.root / "dnn-prune" / WEIGHTS)
    for name in ("dense_0.kernel", "dense_1.kernel"):
        assert np.mean(pruned[name] == 0) == pytest.approx(0.8, abs=0.01)
    assert (pruned["dense_2.kernel"] != 0).all(), "the last layer stays whole"
    assert abs(family.size("dnn-prune", WEIGHTS) - family.size("dnn", WEIGHTS)) < 64
    _, _, parameters, nonzero = family.told["dnn-prune"]["said"]
    assert parameters == family.told["dnn"]["said"][2] and nonzero < 0.4 * parameters
    assert family.told["dnn-prune"]["said"][0] == "numpy", "it is read by its parent's recipe"


@pytest.mark.slow
def test_pruning_reaches_embeddings_and_kernels_of_an_lstm(family: Family) -> None:
    pruned = load_file(family.root / "lstm-prune" / WEIGHTS)
    shares = {name: float(np.mean(value == 0)) for name, value in pruned.items() if value.ndim == 2}
    assert shares.pop("logits/kernel") == 0
    assert all(share == pytest.approx(0.8, abs=0.02) for share in shares.values()), shares
    assert set(pruned) == set(load_file(family.root / "lstm" / WEIGHTS))


def test_only_epochs_of_the_whole_sparsity_can_be_the_best(family: Family) -> None:
    log = family.logs["dnn-prune"]
    assert len(log["history"]) == 3 and log["best_epoch"] >= 2
    counted = log["history"][1:]
    best = max(entry["validation_accuracy"] for entry in counted)
    assert log["history"][log["best_epoch"] - 1]["validation_accuracy"] == best


@pytest.mark.slow
def test_the_weights_of_the_best_epoch_are_kept(family: Family) -> None:
    """What is taught is wrong: the child gets worse from epoch to epoch."""
    log = family.logs["dnn-turned"]
    accuracies = [entry["validation_accuracy"] for entry in log["history"]]
    kept = family.told["dnn-turned"]["accuracy"]
    assert log["best_epoch"] == 1 and accuracies[0] > accuracies[2] + 0.15
    assert abs(kept - accuracies[0]) < abs(kept - accuracies[2])  # of other texts, so not the same


@pytest.mark.slow
def test_the_same_seed_makes_the_same_child(family: Family) -> None:
    assert family.logs["dnn-prune"] == family.logs["dnn-again"]
    for file in ("model.json", WEIGHTS, "vocabulary.json"):
        assert (family.root / "dnn-prune" / file).read_bytes() == (family.root / "dnn-again" / file).read_bytes()


@pytest.mark.slow
def test_without_validation_the_last_epoch_stays(family: Family) -> None:
    log = family.logs["dnn-refit"]
    assert log["best_epoch"] is None and set(log["history"][0]) == {"epoch", "loss"}


@pytest.mark.parametrize(("child", "bits", "clusters"), [child("dnn-cluster", 4, 16), child("dnn-bytes", 8, 40)])
def test_clustered_weights_are_a_codebook_and_small_indices(
    family: Family, child: str, bits: int, clusters: int
) -> None:
    stored, parent = load_file(family.root / child / WEIGHTS), load_file(family.root / "dnn" / WEIGHTS)
    for name in ("dense_0.kernel", "dense_1.kernel"):
        assert name not in stored
        assert 2 <= len(stored[f"{name}#0#codebook"]) <= clusters
        assert stored[f"{name}#0#indices"].nbytes == -(-parent[name].size * bits // 8)
    assert family.size(child, WEIGHTS) < family.size("dnn", WEIGHTS) * bits / 32 + 6000


@pytest.mark.slow
def test_clustered_halves_of_an_lstm_kernel_have_codebooks_of_their_own(family: Family) -> None:
    stored = load_file(family.root / "lstm-cluster" / WEIGHTS)
    for part in (0, 1):
        assert len(stored[f"lstm_0/backward_kernel#{part}#codebook"]) <= 16
        assert stored[f"lstm_0/backward_kernel#{part}#indices"].size == 32 * 4 * 32 // 2
    assert family.size("lstm-cluster", WEIGHTS) < 0.3 * family.size("lstm", WEIGHTS)


@pytest.mark.slow
def test_the_twin_of_two_layers_with_ngrams_computes_what_the_parent_does(family: Family) -> None:
    assert family.logs["twin_gap"] < 1e-5


def test_quantization_aware_training_leaves_an_int8_file_for_litert(family: Family) -> None:
    facts = json.loads((family.root / "dnn-qat" / "model.json").read_text())
    assert facts["precision"] == "qat_int8" and facts["weights"].keys() == {"int8", "int32"}
    assert facts["operators"]["FULLY_CONNECTED"] == 3
    assert family.told["dnn-qat"]["said"][:2] == ["litert", "int8"]
    assert family.size("dnn-qat", "model.tflite") < 0.4 * family.size("dnn-float32", "model.tflite")


@pytest.mark.parametrize("name", [*map(child, ("dnn-prune", "dnn-cluster", "dnn-bytes", "dnn-qat"))])
def test_children_are_as_good_as_their_parent_here(family: Family, name: str) -> None:
    assert family.told[name]["accuracy"] >= family.told["dnn"]["accuracy"] - 0.05


@pytest.mark.parametrize("name", [*map(child, ("dnn-cluster", "dnn-qat", "lstm-prune", "lstm-cluster"))])
def test_awkward_texts(family: Family, name: str) -> None:
    told = family.told[name]
    np.testing.assert_allclose(told["awkward"], 1.0, atol=1e-5)
    assert told["empty"] == [0, 3]
    assert told["staged_gap"] < 1e-5 and told["turned_gap"] < 1e-5


def test_bad_input_that_needs_the_library(family: Family) -> None:
    said = family.logs["said"]
    assert "embedding (Embedding)" in said["qat"] and "lstm_0/forward (LSTM)" in said["qat"]
    assert "cannot quantize" in said["qat"]
    assert "needs training texts" in said["calibration"]
    assert "operator tf.Svd" in said["operator"] and "does not convert" in said["operator"]


def _attempt(folder: Path, layout: str, **changes: object) -> str:
    folder.mkdir()
    (folder / "artifact.json").write_text(json.dumps({"recipe": layout}))
    nothing = Split([], [], np.empty(0, np.int64), ("a", "b"))
    with pytest.raises(BenchError) as caught:
        Tfmot().compress([folder], nothing, nothing, {**Tfmot.defaults, **changes}, 0, folder)
    return str(caught.value)


def test_bad_input(tmp_path: Path) -> None:
    assert _attempt(tmp_path / "a", "finetune").endswith("layout 'finetune': it takes dnn and lstm")
    assert "'prune'" in _attempt(tmp_path / "b", "dnn", method="prun")
    assert "share between 0 and 1" in _attempt(tmp_path / "c", "dnn", sparsity=80.0)
    assert "from 2 to 256" in _attempt(tmp_path / "d", "lstm", method="cluster", clusters=1)
    assert "1 or more" in _attempt(tmp_path / "e", "lstm", epochs=0)
