"""Structured pruning: tensors get smaller, what does not matter goes first, the child reloads as it was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bench.api import BenchError, load_artifact
from bench.artifact import folder_hash
from compression import shrink
from compression.importance import Importance, measure, measure_width, sample
from compression.parents import open_parent
from compression.recipes.export import Export
from compression.recipes.prune import Prune
from compression.recipes.quantize import Quantize
from compression.recipes.sparsity import Sparsity
from tests.baselines.sentences import log_loss, turned
from tests.compression.parents import TRAIN, VALIDATION, asked, child, loaded, size, write_card
from tests.compression.parents import parent as made
from transformers_pt.artifact import TorchPredictor, save_artifact
from transformers_pt.layers import encoder_layers
from transformers_pt.shapes import blocks
from transformers_pt.width import hidden_width, readers

QUICK = {"importance_rows": 96, "recovery_epochs": 1, "learning_rate": 2e-3, "precision": "float32"}
SLOW = [pytest.param(family, marks=pytest.mark.slow) for family in ("distilbert", "electra")]
HEAD = 16 * (3 * 33 + 32)
"""Numbers that go with one."""


def shapes(folder: Path) -> list[dict[str, int]]:
    return json.loads((folder / "model.json").read_text())["shapes"]


@pytest.fixture(scope="module")
def half(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("half") / "child"
    before = folder_hash(bert)
    child(Prune(), bert, folder, **QUICK)
    assert folder_hash(bert) == before
    return folder


def test_half_of_the_layers_weights_are_gone_from_the_file(bert: Path, half: Path) -> None:
    whole, left = (shrink.block_weights(open_parent([f], "x").model) for f in (bert, half))
    assert abs(left - whole / 2) <= HEAD / 2
    tensors, before = (load_file(f / "model.safetensors") for f in (half, bert))
    for layer, shape in enumerate(shapes(half)):
        name = f"bert.encoder.layer.{layer}"
        assert tensors[f"{name}.attention.self.query.weight"].shape == (16 * shape["heads"], 32)
        assert tensors[f"{name}.output.dense.weight"].shape == (32, shape["neurons"])
    numbers = [sum(t.numel() for t in part.values()) for part in (before, tensors)]
    assert numbers[0] - numbers[1] == whole - left == loaded(bert).parameters - loaded(half).parameters
    assert size(half) < size(bert) - 4 * (whole - left) + 2000
    assert len({tuple(shape.values()) for shape in shapes(half)}) > 1  # widths are uneven


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_what_is_reloaded_is_what_was_cut(family: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every family, in memory against the file, without training."""
    parent = open_parent([request.getfixturevalue(family)], "prune")
    scores = measure(parent.model, sample(TRAIN, parent.encoder, 64, 0), "taylor")
    kept, _ = shrink.choose(parent.model, scores, shrink.block_weights(parent.model) // 3)
    shrink.cut(parent.model, kept)
    save_artifact(tmp_path, parent.model, parent.encoder, parent.facts | {"shapes": shrink.shapes(parent.model)})
    memory = TorchPredictor(parent.model, parent.encoder, 3).predict_proba(TRAIN.texts)
    write_card(tmp_path, "finetune")
    reloaded = load_artifact(tmp_path).predict_proba(TRAIN.texts)
    np.testing.assert_array_equal(memory, reloaded)


@pytest.mark.parametrize(("kind", "family"), [("taylor", "bert"), ("taylor", "distilbert"), ("magnitude", "bert")])
def test_units_that_do_nothing_go_first_and_are_not_missed(
    kind: str, family: str, request: pytest.FixtureRequest
) -> None:
    parent = open_parent([request.getfixturevalue(family)], "prune")
    dead = _silence(parent.model)
    before = TorchPredictor(parent.model, parent.encoder, 3).predict_proba(TRAIN.texts[:64])
    kept, held = shrink.choose(parent.model, measure(parent.model, sample(TRAIN, parent.encoder, 48, 0), kind), dead)
    shrink.cut(parent.model, kept)
    assert [(len(k.heads), len(k.neurons)) for k in kept] == [(1, 48), (2, 18)] and not held
    after = TorchPredictor(parent.model, parent.encoder, 3).predict_proba(TRAIN.texts[:64])
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_the_loss_does_not_change_without_what_does_nothing(bert: Path) -> None:
    parent = open_parent([bert], "prune")
    _silence(parent.model)
    first, second = measure(parent.model, sample(TRAIN, parent.encoder, 16, 0), "loss")
    assert abs(first.heads[1]) < 1e-6 < abs(first.heads[0])
    assert second.neurons[5:35].abs().max() < 1e-6 < second.neurons.abs().max()


@torch.no_grad()
def _silence(model: torch.nn.Module) -> int:
    """One head of the first layer and 30 neurons of the second do nothing; the numbers that these have."""
    first, second = blocks(model)
    for name in first.into_heads:
        first.linear(name).weight[first.head_size :] = 0
    first.linear(first.out_of_heads).weight[:, first.head_size :] = 0
    second.linear(second.into_neurons).weight[5:35] = 0
    second.linear(second.out_of_neurons).weight[:, 5:35] = 0
    return HEAD + 30 * 65


def test_it_recovers_in_steps_and_says_how(distilbert: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    given = QUICK | {"steps": 2, "recovery_epochs": 2, "ratio": 0.4, "monitor": "loss"}
    log = child(Prune(), distilbert, tmp_path / "child", turned(TRAIN), **given)
    assert [entry["epoch"] for entry in log.history] == [1, 2, 3] and log.epochs_run == 3
    said = capsys.readouterr().out
    assert said.count("of the layers' weights are gone; layer by layer there are") == 2
    assert np.isfinite(asked(tmp_path / "child")).all()
    # what is taught is wrong: of the two epochs after the last cut, the first is the best, and it is kept
    losses = [entry["validation_loss"] for entry in log.history]
    assert log.best_epoch == 2 and losses[1] < losses[2] - 1e-3
    said = loaded(tmp_path / "child").predict_proba(VALIDATION.texts)
    assert log_loss(VALIDATION, said) == pytest.approx(losses[1], abs=1e-4)


def test_a_layer_keeps_its_last_head_and_says_so(bert: Path, tmp_path: Path) -> None:
    log = child(
        Prune(), bert, tmp_path / "child", **QUICK | {"ratio": 0.999, "recovery_epochs": 0, "importance": "magnitude"}
    )
    assert shapes(tmp_path / "child") == [{"heads": 1, "neurons": 1}] * 2
    assert "layer 1 keeps its last head, though it was to go" in log.warnings
    assert "layer 2 keeps its last neuron, though it was to go" in log.warnings


def test_whole_layers_can_go(bert: Path, tmp_path: Path) -> None:
    child(Prune(), bert, tmp_path / "child", **QUICK | {"drop_layers": 1, "recovery_epochs": 0})
    assert shapes(tmp_path / "child") == [{"heads": 2, "neurons": 48}]
    assert json.loads((tmp_path / "child" / "config.json").read_text())["num_hidden_layers"] == 1
    assert asked(tmp_path / "child").shape[1] == 3


@pytest.mark.parametrize("least", [0, 1])
def test_the_layer_that_matters_least_goes(least: int, bert: Path) -> None:
    model = open_parent([bert], "x").model
    layers = [*encoder_layers(model)]
    matter = [float(number != least) for number in range(2)]
    shrink.drop_layers(model, [Importance(torch.full((2,), m), torch.full((48,), m)) for m in matter], 1)
    assert [*encoder_layers(model)] == [layers[1 - least]]


@pytest.mark.parametrize("family", ["bert", "roberta", *SLOW])
def test_hidden_units_go_from_every_tensor(family: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A quarter of the width, in memory against the file; int8, ONNX, and a second pruning can follow."""
    source, narrow = request.getfixturevalue(family), tmp_path / "narrow"
    child(Prune(), source, narrow, **QUICK | {"width_ratio": 0.25, "ratio": 0.4, "recovery_epochs": 0})
    model = open_parent([narrow], "x").model
    assert hidden_width(model) == 24 == json.loads((narrow / "model.json").read_text())["width"]
    whole, left = (shrink.block_weights(open_parent([f], "x").model) for f in (source, narrow))
    assert abs(left - 0.6 * whole) <= HEAD
    assert loaded(source).parameters - loaded(narrow).parameters > whole - left  # embeddings are narrower too
    child(Quantize(), narrow, tmp_path / "int8", to="torch-int8")
    np.testing.assert_allclose(asked(tmp_path / "int8"), asked(narrow), atol=0.1)
    child(Export(), narrow, tmp_path / "onnx")
    np.testing.assert_allclose(asked(tmp_path / "onnx"), asked(narrow), atol=1e-4)
    child(Prune(), narrow, tmp_path / "again", **QUICK | {"width_ratio": 0.4, "recovery_epochs": 1})
    assert hidden_width(open_parent([tmp_path / "again"], "x").model) == 16


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
@pytest.mark.parametrize("kind", ["taylor", "magnitude", "loss"])
def test_hidden_units_that_nothing_reads_matter_least(family: str, kind: str, request: pytest.FixtureRequest) -> None:
    parent = open_parent([request.getfixturevalue(family)], "prune")
    unread = [3, 17, 30]
    with torch.no_grad():
        for linear in readers(parent.model):
            columns = [unit + i for i in range(0, linear.in_features, 32) for unit in unread]
            linear.weight[:, columns] = 0
    scores = measure_width(parent.model, sample(TRAIN, parent.encoder, 32, 0), kind)
    assert scores.shape == (32,) and sorted(scores.abs().argsort()[:3].tolist()) == unread
    table = parent.model.base_model.embeddings.word_embeddings
    before, stay = table.weight.detach().clone(), sorted(scores.abs().argsort()[8:].tolist())
    shrink.narrow_width(parent.model, scores.abs(), 0.25)
    assert hidden_width(parent.model) == 24 and not {*unread} & {*stay}
    assert torch.equal(table.weight.detach(), before[:, stay])


def test_the_pruned_child_is_a_parent_again(half: Path, tmp_path: Path) -> None:
    child(Quantize(), half, tmp_path / "int8", to="torch-int8")
    np.testing.assert_allclose(asked(tmp_path / "int8"), asked(half), atol=0.1)
    child(Export(), half, tmp_path / "onnx")
    np.testing.assert_allclose(asked(tmp_path / "onnx"), asked(half), atol=1e-4)
    child(Prune(), half, tmp_path / "again", **QUICK | {"ratio": 0.2, "recovery_epochs": 0})
    counts = [shrink.block_weights(open_parent([f], "x").model) for f in (half, tmp_path / "again")]
    assert abs(counts[1] - 0.8 * counts[0]) <= HEAD / 2


def test_the_parent_teaches(bert: Path, tmp_path: Path) -> None:
    taught, alone = (
        asked(_pruned(bert, tmp_path / str(teach), teach=teach, alpha=1.0, temperature=1.0)) for teach in (True, False)
    )
    assert not np.array_equal(taught, alone)


def _pruned(parent: Path, folder: Path, **changes: object) -> Path:
    child(Prune(), parent, folder, **QUICK | changes)
    return folder


def test_sparsity_is_zeros_and_nothing_else(roberta: Path, tmp_path: Path) -> None:
    child(Sparsity(), roberta, tmp_path / "child", ratio=0.8, recovery_epochs=1, precision="float32")
    model = open_parent([tmp_path / "child"], "x").model
    weights = [block.linear(n).weight for block in blocks(model) for n in (block.into_heads[0], block.out_of_neurons)]
    assert 0.7 < np.mean([float((w == 0).float().mean()) for w in weights]) < 0.9
    whole = open_parent([roberta], "x").model
    before = [block.linear(n).weight for block in blocks(whole) for n in (block.into_heads[0], block.out_of_neurons)]
    zero = torch.cat([(w == 0).flatten() for w in weights])
    size_before = torch.cat([w.detach().abs().flatten() for w in before])
    assert size_before[zero].max() <= size_before[~zero].min()  # the smallest of all went
    predictor, parent = loaded(tmp_path / "child"), loaded(roberta)
    assert predictor.parameters == parent.parameters
    assert predictor.nonzero_parameters < parent.nonzero_parameters
    files = [(folder / "model.safetensors").stat().st_size for folder in (tmp_path / "child", roberta)]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ratio": 0.0}, "ratio=0: the share that goes lies between 0 and 1"),
        ({"ratio": 1.0}, "ratio=1: the share"),
        ({"importance": "tailor"}, "importance=tailor: did you mean 'taylor'"),
        ({"steps": 0}, "steps=0"),
        ({"importance_rows": 0}, "importance_rows=0"),
        ({"drop_layers": 2}, "the encoder has 2 layers; give 0 to 1"),
        ({"width_ratio": 1.0}, "width_ratio=1: the share of the hidden width"),
    ],
)
def test_bad_parameters(changes: dict[str, object], said: str, bert: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError) as error:
        child(Prune(), bert, tmp_path / "child", **QUICK | changes)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("family", ["bert", pytest.param("mpnet", marks=pytest.mark.slow)])
def test_a_trimmed_vocabulary_reads_texts_of_its_tokens_as_before(
    family: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    parent = request.getfixturevalue("bert") if family == "bert" else made(family, tmp_path)
    encoder = open_parent([parent], "prune").encoder
    used = {i for row in encoder.windows(TRAIN.texts).rows for i in row} | set(encoder.tokenizer.all_special_ids)
    used |= {i for token, i in encoder.tokenizer.get_vocab().items() if len(token.removeprefix("##")) == 1}
    tokens = len(used | set(encoder.tokenizer.added_tokens_decoder))
    assert tokens < len(encoder.tokenizer)
    child(
        Prune(), parent, tmp_path / "child", **QUICK | {"ratio": 0.0, "vocabulary_size": tokens, "recovery_epochs": 0}
    )
    reloaded = loaded(tmp_path / "child")
    np.testing.assert_array_equal(reloaded.predict_proba(TRAIN.texts), loaded(parent).predict_proba(TRAIN.texts))
    saved = open_parent([tmp_path / "child"], "prune")
    assert saved.model.get_input_embeddings().weight.shape[0] == tokens == len(saved.encoder.tokenizer)
    width = hidden_width(saved.model)
    assert loaded(parent).parameters - reloaded.parameters == (len(encoder.tokenizer) - tokens) * width
    np.testing.assert_allclose(asked(tmp_path / "child").sum(axis=1), 1, atol=1e-5)
    child(Export(), tmp_path / "child", tmp_path / "onnx")
    np.testing.assert_allclose(asked(tmp_path / "onnx"), asked(tmp_path / "child"), atol=1e-5)


def test_a_vocabulary_that_cannot_be_trimmed(bert: Path, roberta: Path, tmp_path: Path) -> None:
    for parent, tokens, message in (
        (roberta, 50, "takes encoders with a WordPiece tokenizer"),
        (bert, 3, "special ones and characters, must stay"),
        (bert, 10**6, "give less, or 0"),
    ):
        with pytest.raises(BenchError, match=message):
            child(Prune(), parent, tmp_path / str(tokens), **QUICK | {"ratio": 0.0, "vocabulary_size": tokens})
