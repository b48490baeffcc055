"""What cannot be loaded or trained: one line that says what, where, and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from bench.api import BenchError
from tests.transformers_pt.conftest import Checkpoints, fit
from transformers_pt.recipes.finetune import Finetune


def said(folder: Path, changes: dict[str, Any]) -> str:
    with pytest.raises(BenchError) as error:
        fit(Finetune(), folder, changes, rows=60)
    assert "\n" not in str(error.value)
    return str(error.value)


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"backbone": "bertweat"}, "unknown backbone 'bertweat': did you mean 'bertweet'"),
        ({"weights": "pretraned"}, "weights=pretraned: did you mean 'pretrained'"),
        ({"scheduler": "linaer"}, "did you mean 'linear'"),
        ({"monitor": "f1"}, "monitor=f1"),
        ({"class_weight": "balance"}, "did you mean 'balanced'"),
        ({"pooling": "cls+mena"}, "'mena' is unknown; did you mean 'mean'"),
        ({"dropout": 0.999}, "dropout=0.999: the share that is dropped; give 0 (none) to 0.9"),
        ({"token_masking": -0.1}, "token_masking=-0.1: the share"),
        ({"precision": "bf16"}, "precision=bf16"),
        ({"precision": "float16"}, "needs a GPU"),
        ({"train_top_k_layers": 9}, "the encoder has 2 layers; give 0 to 2"),
    ],
)
def test_bad_parameters(changes: dict[str, Any], wanted: str, checkpoints: Checkpoints, tmp_path: Path) -> None:
    assert wanted in said(tmp_path / "a", {"backbone": str(checkpoints["bert"])} | changes)


def test_a_hub_name_without_a_network_says_how_to_bring_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    told = said(tmp_path / "a", {"backbone": "somebody/some-encoder"})
    assert "somebody/some-encoder" in told and "hf download somebody/some-encoder" in told


def test_a_folder_without_configuration(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no config.json in that folder" in said(tmp_path / "a", {"backbone": str(tmp_path / "empty")})


def test_missing_tokenizer(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = copied(checkpoints["bert"], tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)
    assert "tokenizer" in said(tmp_path / "a", {"backbone": str(folder)})


def test_tokens_cannot_be_masked_without_a_mask_token(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = copied(checkpoints["bert"], tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    tokenizer.mask_token = None
    tokenizer.save_pretrained(folder)
    assert "has no mask token; give 0" in said(tmp_path / "a", {"backbone": str(folder), "token_masking": 0.1})


def test_a_vocabulary_larger_than_the_weights(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = copied(checkpoints["bert"], tmp_path)
    weights = load_file(str(folder / "model.safetensors"))
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][:50].clone()
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text()) | {"vocab_size": 50}
    (folder / "config.json").write_text(json.dumps(config))
    assert "they do not belong together" in said(tmp_path / "a", {"backbone": str(folder)})


def test_weights_of_another_architecture(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = copied(checkpoints["bert"], tmp_path)
    shutil.copyfile(checkpoints["distilbert"] / "model.safetensors", folder / "model.safetensors")
    assert "of another architecture than its config.json (bert)" in said(tmp_path / "a", {"backbone": str(folder)})


def test_a_head_of_another_label_count_is_made_anew(checkpoints: Checkpoints, tmp_path: Path) -> None:
    from transformers_pt.backbones import load_classifier
    from transformers_pt.presets import backbone

    folder = copied(checkpoints["bert"], tmp_path)
    load_classifier(backbone(str(folder)), list("abcdefg"), True, False).save_pretrained(folder)
    log = fit(Finetune(), tmp_path / "a", {"backbone": str(folder), "epochs": 1}, rows=60)
    assert log.epochs_run == 1


def test_a_pickle_is_refused_unless_allowed(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = copied(checkpoints["bert"], tmp_path)
    torch.save(load_file(str(folder / "model.safetensors")), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    told = said(tmp_path / "a", {"backbone": str(folder)})
    assert "pickle" in told and "allow_pickle=true" in told
    assert fit(Finetune(), tmp_path / "b", {"backbone": str(folder), "allow_pickle": True, "epochs": 1}, rows=60)


def test_a_pickle_with_code_is_refused_even_when_allowed(checkpoints: Checkpoints, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harmed",))

    folder = copied(checkpoints["bert"], tmp_path)
    torch.save({"x": Harm()}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert "cannot be loaded" in said(tmp_path / "a", {"backbone": str(folder), "allow_pickle": True})
    assert not (tmp_path / "harmed").exists()


def test_a_loss_that_is_no_number_says_where(checkpoints: Checkpoints, tmp_path: Path) -> None:
    changes = {"backbone": str(checkpoints["bert"]), "learning_rate": 1e30, "scheduler": "constant", "warmup": 0.0}
    assert "at step" in said(tmp_path / "a", changes)


def test_sharding_where_nothing_would_be_sharded(checkpoints: Checkpoints, tmp_path: Path) -> None:
    told = said(tmp_path / "a", {"backbone": str(checkpoints["bert"]), "fsdp": True})
    assert "fsdp=true shards weights over several GPUs, and this is a CPU" in told


def test_a_broken_weights_file(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = copied(checkpoints["bert"], tmp_path)
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    assert "cannot be loaded" in said(tmp_path / "a", {"backbone": str(folder)})
