"""Encoders that people ask for today: carried to each runtime, quantized, pruned, or one line that says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.api import BenchError
from compression import shrink
from compression.importance import measure, measure_width, sample
from compression.parents import open_parent
from compression.recipes.distill import Distill
from compression.recipes.export import Export
from compression.recipes.prune import Prune
from compression.recipes.quantize import Quantize
from tests.compression.parents import TRAIN, asked, child, parent, write_card
from transformers_pt.artifact import TorchPredictor, save_artifact
from transformers_pt.width import hidden_width

TARGETS: list[tuple[Export | Quantize, str, float]] = [
    (Export(), "onnx", 1e-4), (Quantize(), "onnx-int8", 0.2), (Export(), "openvino", 5e-2),
    (Quantize(), "openvino-int8", 0.3), (Quantize(), "torch-int8", 0.2), (Quantize(), "float16", 1e-2),
]  # fmt: skip
"""Recipe, target, and how far a probability may move: int8 of weights that were drawn at random moves much."""
PRUNABLE, OTHERS = ("mpnet", "xlm-roberta"), ("modernbert", "deberta")
QUICKLY = {("onnx", "mpnet"), ("onnx-int8", "modernbert")}
"""Each costs an export of ten seconds; the others are for the slow tests."""
QUICK = {"importance_rows": 64, "recovery_epochs": 1, "learning_rate": 2e-3, "precision": "float32"}


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A fine-tuned encoder of each family."""
    return {family: parent(family, tmp_path_factory.mktemp(family)) for family in (*PRUNABLE, *OTHERS)}


@pytest.mark.parametrize(
    ("recipe", "to", "near", "family"),
    [
        pytest.param(*target, family, marks=[] if (target[1], family) in QUICKLY else pytest.mark.slow)
        for target in TARGETS
        for family in (*PRUNABLE, *OTHERS)
    ],
)
def test_every_runtime_says_the_same(
    family: str, recipe: Export | Quantize, to: str, near: float, parents: dict[str, Path], tmp_path: Path
) -> None:
    child(recipe, parents[family], tmp_path / "child", to=to)
    assert np.abs(asked(tmp_path / "child") - asked(parents[family])).max() < near


@pytest.mark.parametrize("family", ["mpnet", pytest.param("xlm-roberta", marks=pytest.mark.slow)])
def test_what_is_pruned_is_smaller_and_reloads(family: str, parents: dict[str, Path], tmp_path: Path) -> None:
    child(Prune(), parents[family], tmp_path / "child", width_ratio=0.25, **QUICK)
    whole, left = (open_parent([folder], "prune").model for folder in (parents[family], tmp_path / "child"))
    assert shrink.block_weights(left) < 0.6 * shrink.block_weights(whole) and hidden_width(left) == 24
    child(Export(), tmp_path / "child", tmp_path / "onnx", to="onnx")
    np.testing.assert_allclose(asked(tmp_path / "onnx"), asked(tmp_path / "child"), atol=1e-4)


def test_heads_of_mpnet_keep_their_position_bias(parents: dict[str, Path], tmp_path: Path) -> None:
    """The first head of each layer goes, its part of the output projection silenced in the whole model."""
    part = open_parent([parents["mpnet"]], "prune")
    bias = part.model.base_model.encoder.relative_attention_bias
    bias.weight.data.normal_(generator=None)
    for layer in part.model.base_model.encoder.layer:
        layer.attention.attn.o.weight.data[:, :16] = 0
    whole = TorchPredictor(part.model, part.encoder, 3).predict_proba(TRAIN.texts)
    shrink.cut(part.model, [shrink.Units([1], list(range(48)))] * 2)
    save_artifact(tmp_path, part.model, part.encoder, {**part.facts, "shapes": shrink.shapes(part.model)})
    write_card(tmp_path, "finetune")
    np.testing.assert_allclose(TorchPredictor(part.model, part.encoder, 3).predict_proba(TRAIN.texts), whole, atol=1e-6)
    reloaded = open_parent([tmp_path], "prune")
    np.testing.assert_allclose(
        TorchPredictor(reloaded.model, part.encoder, 3).predict_proba(TRAIN.texts), whole, atol=1e-6
    )


@pytest.mark.parametrize("family", OTHERS)
def test_what_cannot_be_pruned_is_one_line(family: str, parents: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"layers of .* are not supported: take BERT, .* or MPNet"):
        child(Prune(), parents[family], tmp_path / "child", **QUICK)


def test_mpnet_teaches_and_is_taught(parents: dict[str, Path], tmp_path: Path) -> None:
    config = parents["mpnet"].parent / "checkpoint"
    student = f"finetune[backbone={config},epochs=1,max_length=24,batch_size=16,precision=float32]"
    child(Distill(), parents["mpnet"], tmp_path / "student", student=student)
    assert asked(tmp_path / "student").shape == asked(parents["mpnet"]).shape
    part = open_parent([parents["mpnet"]], "prune")
    batches = sample(TRAIN, part.encoder, 64, 0)
    assert len(measure(part.model, batches, "magnitude")) == 2
    assert measure_width(part.model, batches, "taylor").shape == (32,)
