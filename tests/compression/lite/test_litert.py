"""What is exported to LiteRT: the same probabilities, 8-bit weights in the file, and no TensorFlow to run it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from bench.api import BenchError, Split
from compression.recipes.litert import Litert
from tests.compression.lite.conftest import Family
from tests.compression.lite.phases import CORE, EXPORTED

MODEL = "model.tflite"
PARENTS = [pytest.param(name, marks=[] if f"{name}-float32" in CORE else pytest.mark.slow) for name in EXPORTED]
CHILDREN = [
    pytest.param(parent, precision, marks=[] if f"{parent}-{precision}" in CORE else pytest.mark.slow)
    for parent in EXPORTED[:3]
    for precision in ("dynamic_int8", "full_int8")
]


@pytest.mark.parametrize("parent", PARENTS)
def test_float32_gives_the_parents_probabilities(family: Family, parent: str) -> None:
    assert family.gap(parent, f"{parent}-float32") < 1e-4
    assert family.told[f"{parent}-float32"]["said"][:2] == ["litert", "float32"]


@pytest.mark.parametrize("parent", PARENTS)
def test_it_reads_as_much_of_a_long_text_as_its_parent(family: Family, parent: str) -> None:
    truncation = family.told[f"{parent}-float32"]["truncation"]
    assert truncation == family.told[parent]["truncation"]
    assert (truncation[0] > 0) == (parent != "dnn"), "n-grams are taken of the whole text"


@pytest.mark.parametrize(("parent", "precision"), CHILDREN)
def test_weights_are_int8_inside_of_the_file(family: Family, parent: str, precision: str) -> None:
    details = Interpreter(str(family.root / f"{parent}-{precision}" / MODEL)).get_tensor_details()
    large = [d for d in details if np.prod(d["shape"]) >= 1024]
    assert large and {d["dtype"] for d in large} == {np.int8}
    facts = json.loads((family.root / f"{parent}-{precision}" / "model.json").read_text())
    assert facts["precision"] == precision and facts["calibration_texts"] == (200 if precision == "full_int8" else 0)
    left = facts["weights"].get("float32", 0)
    assert left == 0 if precision == "full_int8" else left < 0.5 * sum(facts["weights"].values())
    assert family.told[f"{parent}-{precision}"]["said"][:2] == ["litert", "int8"]


@pytest.mark.parametrize(("parent", "precision"), CHILDREN)
def test_int8_is_smaller_and_says_nearly_the_same(family: Family, parent: str, precision: str) -> None:
    child = f"{parent}-{precision}"
    assert family.size(child, MODEL) < 0.65 * family.size(f"{parent}-float32", MODEL), "the graph weighs as much here"
    assert 0 < family.gap(parent, child) < 0.1
    assert family.told[child]["accuracy"] >= family.told[parent]["accuracy"] - 0.1


def test_what_is_executed_is_recorded(family: Family) -> None:
    def operators(name: str) -> set[str]:
        return set(json.loads((family.root / name / "model.json").read_text())["operators"])

    assert {"GATHER", "BATCH_MATMUL", "FULLY_CONNECTED"} <= operators("dnn-float32")
    assert {"UNIDIRECTIONAL_SEQUENCE_LSTM", "REVERSE_V2"} <= operators("lstm-float32")
    assert "DEQUANTIZE" in operators("dnn-dynamic_int8"), "weights alone are int8: they are looked up, then float32"


def test_learned_numbers_are_counted_in_the_file(family: Family) -> None:
    for parent, outside in (("lstm", 0), ("dnn", _idf(family.root / "dnn"))):
        counted = family.told[f"{parent}-float32"]["said"][2]
        assert counted == pytest.approx(family.told[parent]["said"][2] - outside, abs=8)


def _idf(folder: Path) -> int:
    return sum(len(terms) for terms in json.loads((folder / "vocabulary.json").read_text()).values())


@pytest.mark.slow
def test_what_a_transformer_executes_is_recorded(family: Family) -> None:
    operators = json.loads((family.root / "tinybert-float32" / "model.json").read_text())["operators"]
    assert {"GELU", "SOFTMAX", "BATCH_MATMUL"} <= set(operators)


@pytest.mark.parametrize(("parent", "precision"), [*(("dnn", "float32"), ("lstm", "float32")), *CHILDREN])
def test_any_text_gets_its_probabilities_in_any_order(family: Family, parent: str, precision: str) -> None:
    told = family.told[f"{parent}-{precision}"]
    np.testing.assert_allclose(told["awkward"], 1.0, atol=1e-5)
    assert told["empty"] == [0, 3]
    assert told["staged_gap"] < 1e-6 and told["turned_gap"] < 1e-6


def test_an_export_runs_without_tensorflow(family: Family) -> None:
    assert family.told["loaded_for_litert"] == []


def test_without_the_runtime_it_is_unavailable(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ai_edge_litert" in Litert.requires
    for name in [name for name in sys.modules if name.startswith("ai_edge_litert")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(ModuleNotFoundError, match="ai_edge_litert"):
        Litert().load(family.root / "lstm-float32")


def test_bad_input(tmp_path: Path) -> None:
    (tmp_path / "artifact.json").write_text(json.dumps({"recipe": "finetune"}))
    nothing = Split([], [], np.empty(0, np.int64), ("a", "b"))
    with pytest.raises(BenchError, match="layout 'finetune': it takes dnn, lstm, tinybert, tfmot"):
        Litert().compress([tmp_path], nothing, nothing, Litert.defaults, 0, tmp_path)
    (tmp_path / "artifact.json").write_text(json.dumps({"recipe": "dnn"}))
    with pytest.raises(BenchError, match="precision=int8: did you mean 'full_int8'"):
        Litert().compress([tmp_path], nothing, nothing, {"precision": "int8"}, 0, tmp_path)
