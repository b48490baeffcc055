"""Fine-tuning: every family learns, repeats itself, and its artifact is enough."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from bench.api import Recipe, RunContext
from tests.baselines.phases import AWKWARD
from tests.baselines.sentences import log_loss, split, turned
from tests.conftest import ROOT
from tests.transformers_pt.checkpoints import FAMILIES
from tests.transformers_pt.conftest import QUICK, Checkpoints, accuracy, fit, predicted
from transformers_pt.backbones import load_tokenizer
from transformers_pt.batches import TokenMasking
from transformers_pt.encode import Encoder
from transformers_pt.recipes.finetune import Finetune
from transformers_pt.recipes.lora import Lora

RELOAD = """
import sys, numpy as np
from pathlib import Path
from tests.transformers_pt.conftest import predicted
from transformers_pt.recipes.finetune import Finetune
np.save(sys.argv[2], predicted(Finetune(), Path(sys.argv[1])))
"""


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_trains_saves_reloads_and_predicts(family: str, checkpoints: Checkpoints, tmp_path: Path) -> None:
    recipe = Finetune()
    log = fit(recipe, tmp_path / "a", {"backbone": str(checkpoints[family]), "epochs": 4})
    assert [entry["epoch"] for entry in log.history] == [1, 2, 3, 4][: len(log.history)]
    assert log.history[-1]["loss"] < log.history[0]["loss"]
    assert log.examples_per_second and log.device.batch_per_replica == 16
    probabilities = predicted(recipe, tmp_path / "a")
    assert accuracy(probabilities) > 0.6
    np.testing.assert_allclose(probabilities, predicted(recipe, tmp_path / "a"), atol=0)
    facts = json.loads((tmp_path / "a" / "model.json").read_text())
    assert facts["backbone"] == family and facts["pretrained"] and facts["label_names"][0] == "negative"
    assert not [path for path in (tmp_path / "a").rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]


def test_bertweet_has_its_own_tokenizer_and_normalization(checkpoints: Checkpoints, tmp_path: Path) -> None:
    fit(Finetune(), tmp_path / "a", {"backbone": str(checkpoints["bertweet"]), "epochs": 1})
    tokenizer = Finetune().load(tmp_path / "a").encoder.tokenizer
    assert type(tokenizer).__name__ == "BertweetTokenizer"
    tokens = tokenizer.tokenize("@somebody http://t.co/1")
    assert tokenizer.convert_tokens_to_string(tokens) == "@USER HTTPURL"
    assert ":grinning_face:" in tokenizer.normalizeTweet("😀")


def test_a_torn_cache_of_tokens_is_encoded_anew(checkpoints: Checkpoints, tmp_path: Path) -> None:
    encoder = Encoder(load_tokenizer(checkpoints["bert"]), "none", 12)
    texts = split(40, 0).texts
    first = encoder.windows(texts, tmp_path).rows
    (kept,) = (tmp_path / "tokens").iterdir()
    for content in (b"torn", kept.read_bytes()[:300]):
        kept.write_bytes(content)
        with pytest.warns(UserWarning, match="thrown away and made again"):
            assert encoder.windows(texts, tmp_path).rows == first == encoder(texts)
    assert encoder.windows(texts, tmp_path).rows == first
    assert len(list((tmp_path / "tokens").iterdir())) == 1


def test_an_artifact_is_enough_in_a_new_process(checkpoints: Checkpoints, tmp_path: Path) -> None:
    fit(Finetune(), tmp_path / "a", {"backbone": str(checkpoints["bert"]), "pooling": "cls+mean+max"})
    (tmp_path / "a").rename(tmp_path / "moved")
    command = [sys.executable, "-c", RELOAD, str(tmp_path / "moved"), str(tmp_path / "p.npy")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), predicted(Finetune(), tmp_path / "moved"), atol=1e-6)


def test_the_same_seed_repeats_and_another_does_not(checkpoints: Checkpoints, tmp_path: Path) -> None:
    changes = {"backbone": str(checkpoints["roberta"]), "epochs": 1, "precision": "auto"}
    runs = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        fit(Finetune(), tmp_path / name, changes, seed=seed)
        runs.append(predicted(Finetune(), tmp_path / name))
    assert np.array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0], runs[2])


def test_awkward_texts_batches_and_stages(checkpoints: Checkpoints, tmp_path: Path) -> None:
    for family in ("bert", "bertweet"):
        fit(Finetune(), tmp_path / family, {"backbone": str(checkpoints[family]), "epochs": 1}, rows=60)
        predictor = Finetune().load(tmp_path / family)
        odd = predictor.predict_proba(AWKWARD)
        assert odd.shape == (len(AWKWARD), 3) and odd.dtype == np.float32 and np.isfinite(odd).all()
        assert predictor.predict_proba([]).shape == (0, 3)
        texts = split(40, 3).texts
        together = predictor.predict_proba(texts)
        alone = np.concatenate([predictor.predict_proba([text]) for text in texts])
        np.testing.assert_allclose(together, alone, atol=1e-5)
        staged = texts
        for stage in predictor.stages().values():
            staged = stage(staged)
        np.testing.assert_allclose(staged, together, atol=1e-5)


def test_frozen_layers_keep_their_weights(checkpoints: Checkpoints, tmp_path: Path) -> None:
    before = load_file(str(checkpoints["bert"] / "model.safetensors"))
    fit(Finetune(), tmp_path / "a", {"backbone": str(checkpoints["bert"]), "train_top_k_layers": 1, "epochs": 1})
    after = load_file(str(tmp_path / "a" / "model.safetensors"))
    for name, weight in before.items():
        same = np.array_equal(weight, after[f"bert.{name}"])
        assert same == (not name.startswith(("encoder.layer.1", "pooler"))) or name.startswith("pooler"), name


def test_layer_decay_lowers_the_rate_of_deep_layers(checkpoints: Checkpoints) -> None:
    from transformers_pt.backbones import load_classifier
    from transformers_pt.layers import parameter_groups
    from transformers_pt.presets import backbone

    model = load_classifier(backbone(str(checkpoints["electra"])), ("a", "b", "c"), True, False)
    groups = parameter_groups(model, {"learning_rate": 1.0, "layer_decay": 0.5, "weight_decay": 0.1})
    rates = {group["lr"] for group in groups}
    assert rates == {1.0, 0.5, 0.25, 0.125}
    trained = sum(p.numel() for group in groups for p in group["params"])
    assert trained == sum(p.numel() for p in model.parameters())
    bias = next(g for g in groups if any(p is model.classifier.out_proj.bias for p in g["params"]))
    assert bias["weight_decay"] == 0.0 and bias["lr"] == 1.0


def test_random_weights_are_another_start_of_the_same_architecture(checkpoints: Checkpoints, tmp_path: Path) -> None:
    changes = {"backbone": str(checkpoints["bert"]), "epochs": 1, "learning_rate": 1e-7}
    for name in ("pretrained", "random"):
        fit(Finetune(), tmp_path / name, changes | {"weights": name}, rows=60)
    start = load_file(str(checkpoints["bert"] / "model.safetensors"))["embeddings.word_embeddings.weight"]
    kept, fresh = (
        load_file(str(tmp_path / name / "model.safetensors"))["bert.embeddings.word_embeddings.weight"]
        for name in ("pretrained", "random")
    )
    assert np.abs(kept - start).max() < 1e-4 < np.abs(fresh - start).max()
    assert json.loads((tmp_path / "random" / "model.json").read_text())["pretrained"] is False


def test_accumulated_batches_learn_like_whole_ones(checkpoints: Checkpoints, tmp_path: Path) -> None:
    changes = {"backbone": str(checkpoints["bert"]), "dropout": 0.0, "epochs": 1}
    whole = fit(Finetune(), tmp_path / "whole", changes)
    parts = fit(Finetune(), tmp_path / "parts", changes | {"accumulation": 2})
    for loss in ("loss", "validation_loss"):  # a mean over the parts: as a sum it would be clipped, too
        assert whole.history[0][loss] == pytest.approx(parts.history[0][loss], abs=2e-2)
    assert parts.device.batch_per_replica == 16


@pytest.mark.parametrize(("recipe", "rate"), [(Finetune(), 5e-3), (Lora(), 2e-2)])
def test_the_weights_of_the_best_epoch_are_kept(
    recipe: Recipe, rate: float, checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """What training teaches is wrong in this validation: the first epoch is the best."""
    params = {**recipe.defaults, **QUICK, "backbone": str(checkpoints["bert"]), "learning_rate": rate}
    checks = turned(split(60, 1))
    log = recipe.fit(split(150, 0), checks, params | {"monitor": "loss", "patience": 3}, 0, tmp_path)
    losses = [entry["validation_loss"] for entry in log.history]
    assert log.best_epoch == 1 and losses[0] < losses[2] - 1e-3
    assert log_loss(checks, recipe.load(tmp_path).predict_proba(checks.texts)) == pytest.approx(losses[0], abs=1e-4)


def test_a_refit_without_validation_keeps_the_last_epoch(checkpoints: Checkpoints, tmp_path: Path) -> None:
    recipe, empty = Finetune(), split(0, 1)
    params = {**recipe.defaults, "backbone": str(checkpoints["bert"]), "epochs": 2, "learning_rate": 1e-3}
    (tmp_path / "a").mkdir()
    log = recipe.fit(split(90, 0), empty, params, 0, tmp_path / "a")
    assert log.epochs_run == log.best_epoch == 2 and "validation_loss" not in log.history[-1]


def test_balanced_weights_and_smoothing_reach_the_loss(checkpoints: Checkpoints, tmp_path: Path) -> None:
    changes = {"backbone": str(checkpoints["bert"]), "epochs": 1, "learning_rate": 1e-7}
    plain = fit(Finetune(), tmp_path / "plain", changes)
    smooth = fit(Finetune(), tmp_path / "smooth", changes | {"label_smoothing": 0.5, "class_weight": "balanced"})
    assert smooth.history[0]["validation_loss"] == pytest.approx(plain.history[0]["validation_loss"], abs=1e-3)
    assert smooth.history[0]["loss"] != plain.history[0]["loss"]


def test_dropped_tokens_are_masks_anew_each_time_and_never_special_ones(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    ids = torch.randint(0, 90, (60, 50))
    drop = TokenMasking(4, (0, 1, 2, 3, 4), 0.2)
    first, second = drop(ids), drop(ids)
    changed = first != ids
    assert not torch.equal(first, second) and (first[changed] == 4).all() and (ids[changed] > 4).all()
    assert changed.sum() / (ids > 4).sum() == pytest.approx(0.2, abs=0.03)
    changes = {"backbone": str(checkpoints["bert"]), "epochs": 1, "learning_rate": 1e-7}
    logs = [fit(Finetune(), tmp_path / str(rate), changes | {"token_masking": rate}) for rate in (0.0, 0.9)]
    losses = [log.history[0]["validation_loss"] for log in logs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)  # validation reads every token
    assert logs[0].history[0]["loss"] != logs[1].history[0]["loss"]


def test_a_checkpoint_that_a_kill_has_torn_is_not_gone_on_from(checkpoints: Checkpoints, tmp_path: Path) -> None:
    changes = {"backbone": str(checkpoints["bert"]), "epochs": 1}
    fit(Finetune(), tmp_path / "whole", changes)
    torn = tmp_path / "kept" / "checkpoint-9"
    torn.mkdir(parents=True)
    (torn / "model.safetensors").write_bytes(b"torn")
    params = {**Finetune.defaults, **QUICK, **changes}
    (tmp_path / "again").mkdir()
    context = RunContext(checkpoint=tmp_path / "kept")
    Finetune().fit(split(300, 0), split(90, 1), params, 0, tmp_path / "again", context)
    np.testing.assert_array_equal(predicted(Finetune(), tmp_path / "again"), predicted(Finetune(), tmp_path / "whole"))
