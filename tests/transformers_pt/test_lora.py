"""Adapters: the share that is trained, merging, keeping them alone, wrong targets."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from bench.api import BenchError
from tests.forks import ROOT, as_text, fork
from tests.transformers_pt.conftest import Checkpoints, accuracy, fit, predicted
from transformers_pt.adapters import add_adapter, target_modules
from transformers_pt.backbones import load_classifier
from transformers_pt.layers import trainable_share
from transformers_pt.presets import backbone
from transformers_pt.recipes.finetune import Finetune
from transformers_pt.recipes.lora import Lora

SMALL = {"r": 4, "alpha": 32, "lora_dropout": 0.01, "targets": "query"}


def classifier(folder: Path, labels: str = "abc") -> torch.nn.Module:
    return load_classifier(backbone(str(folder)), labels, pretrained=True, allow_pickle=False)


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "electra"])
def test_merged_and_unmerged_predict_the_same(family: str, checkpoints: Checkpoints) -> None:
    torch.manual_seed(0)
    model = add_adapter(classifier(checkpoints[family]), SMALL | {"targets": "query,value"}).eval()
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    ids = torch.randint(5, 90, (8, 12))
    with torch.inference_mode():
        apart = model(input_ids=ids).logits.softmax(-1)
        merged = model.merge_and_unload()(input_ids=ids).logits.softmax(-1)
        plain = classifier(checkpoints[family]).eval()(input_ids=ids).logits.softmax(-1)
    assert (apart - merged).abs().max() < 1e-5
    assert (apart - plain).abs().max() > 1e-3


def test_the_trained_share_of_distilbert_is_the_published_one() -> None:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    with torch.device("meta"):
        model = DistilBertForSequenceClassification(DistilBertConfig(num_labels=2))
        share = trainable_share(add_adapter(model, SMALL))
    assert share == pytest.approx(0.0093, abs=5e-5)


def test_adapters_learn_and_leave_the_backbone_alone(checkpoints: Checkpoints, tmp_path: Path) -> None:
    fit(Finetune(), tmp_path / "taught", {"backbone": str(checkpoints["distilbert"]), "epochs": 4})
    changes = {"backbone": str(tmp_path / "taught"), "epochs": 2, "learning_rate": 1e-3} | SMALL
    log = fit(Lora(), tmp_path / "a", changes)
    assert log.trainable_share is not None and 0 < log.trainable_share < 0.2
    assert accuracy(predicted(Lora(), tmp_path / "a")) > 0.6
    before, after = (load_file(str(tmp_path / name / "model.safetensors")) for name in ("taught", "a"))
    changed = {name for name, weight in before.items() if not np.array_equal(weight, after[name])}
    assert {name for name in changed if name.startswith("distilbert")} == {
        f"distilbert.transformer.layer.{i}.attention.q_lin.weight" for i in (0, 1)
    }


def test_an_adapter_alone_is_listed_and_merged_again(checkpoints: Checkpoints, tmp_path: Path) -> None:
    artifact = tmp_path / "store" / "artifacts" / "abc"
    fit(Lora(), artifact, {"backbone": str(checkpoints["bert"]), "epochs": 2} | SMALL)
    (artifact / "artifact.json").write_text('{"label_names": ["a", "b", "c"], "dataset": "sentences"}')
    listed = adapters("list", "--store", str(tmp_path / "store")).stdout
    assert "sentences" in listed and "query" in listed and str(artifact / "adapter") in listed
    out, own = tmp_path / "again", str(checkpoints["bert"])
    made = adapters("apply", str(artifact / "adapter"), str(out), "--backbone", own)
    assert made.returncode == 0, made.stderr
    np.testing.assert_allclose(predicted(Lora(), out), predicted(Lora(), artifact), atol=1e-5)
    again = adapters("apply", str(artifact / "adapter"), str(out), "--backbone", own)
    assert again.returncode == 2 and "exists already" in again.stderr and again.stderr.count("\n") == 1
    assert "no adapter in" in adapters("apply", str(tmp_path), str(tmp_path / "new")).stderr


def adapters(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ("transformers_pt", "adapters", *arguments)
    return as_text(fork("torch", *command, environment=os.environ | {"COLUMNS": "300"}, folder=ROOT))


@pytest.mark.parametrize(
    ("family", "target", "said"),
    [
        ("bert", "q_lin", "bert has no 'q_lin'"),
        ("distilbert", "querry", "did you mean 'query'"),
        ("roberta", "q_lin", "query"),
    ],
)
def test_a_wrong_target_names_the_right_ones(family: str, target: str, said: str, checkpoints: Checkpoints) -> None:
    with pytest.raises(BenchError, match="targets=") as error:
        target_modules(classifier(checkpoints[family]), target)
    assert said in str(error.value) and "\n" not in str(error.value)
