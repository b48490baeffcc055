"""What cannot be trained: one line that says what, where, and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.tf_tinybert.conftest import run_phase

CASES = [
    ({"strategy": "mirored"}, "strategy=mirored: did you mean 'mirrored'?"),
    ({"strategy": "mirrored"}, "strategy=mirrored needs two devices or more, and TensorFlow finds 1 CPU here"),
    ({"strategy": "multiworker"}, "strategy=multiworker needs TF_CONFIG"),
    ({"strategy": "tpu"}, "strategy=tpu: TensorFlow reaches no TPU here"),
    ({"strategy": "default", "devices": 2}, "devices=2 needs strategy=multiworker"),
    ({"precision": "bf16"}, "precision=bf16:"),
    ({"lr_scaling": "lineer"}, "lr_scaling=lineer: did you mean 'linear'?"),
    ({"monitor": "f1"}, "monitor=f1"),
    ({"class_weight": "balance"}, "class_weight=balance: did you mean 'balanced'?"),
    ({"batch_size": 0}, "batch_size=0 cannot be shared by 1 replicas: give a multiple, such as 1"),
    ({"batch_size": 64}, "are more than the 48 for training: lower batch_size"),
    ({"learning_rate": 1e30, "warmup": 0.0}, "the loss became NaN or infinite at step"),
    ({"checkpoint": "somebody/some-encoder"}, "run `hf download somebody/some-encoder` where there is a network"),
    ({"checkpoint": "EMPTY"}, "no config.json that can be read"),
    ({"checkpoint": "ROBERTA"}, "is of type 'roberta', not BERT"),
    ({"checkpoint": "RELU"}, "hidden_act is 'relu', and the Keras encoder supports gelu and gelu_new"),
    ({"checkpoint": "PICKLE"}, "holds its weights as a pickle (pytorch_model.bin)"),
    ({"checkpoint": "WIDER"}, "the weights are not those of the BERT in config.json: tensor"),
    ({"checkpoint": "PIECES"}, "they do not belong together"),
    ({"checkpoint": "DUMB"}, "has no tokenizer"),
    ({"checkpoint": "BROKEN"}, "cannot be read"),
]


def spoiled(good: Path, root: Path) -> dict[str, str]:
    """Folders by the name that stands for them in the cases."""
    names = ("ROBERTA", "RELU", "PICKLE", "WIDER", "PIECES", "DUMB", "BROKEN")
    made = {name: Path(shutil.copytree(good, root / name.lower())) for name in names} | {"EMPTY": root / "empty"}
    made["EMPTY"].mkdir()
    changes = {
        "ROBERTA": {"model_type": "roberta"}, "RELU": {"hidden_act": "relu"}, "WIDER": {"hidden_size": 64},
        "PIECES": {"vocab_size": 50},
    }  # fmt: skip
    for name, change in changes.items():
        config = json.loads((good / "config.json").read_text()) | change
        (made[name] / "config.json").write_text(json.dumps(config))
    weights = load_file(str(good / "model.safetensors"))
    words = "embeddings.word_embeddings.weight"
    weights[words] = np.ascontiguousarray(weights[words][:50])
    save_file(weights, str(made["PIECES"] / "model.safetensors"))
    (made["PICKLE"] / "model.safetensors").rename(made["PICKLE"] / "pytorch_model.bin")
    (made["DUMB"] / "vocab.txt").unlink()
    (made["BROKEN"] / "model.safetensors").write_bytes((good / "model.safetensors").read_bytes()[:999])
    return {name: str(folder) for name, folder in made.items()}


@pytest.fixture(scope="module")
def said(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All cases in one process."""
    root = tmp_path_factory.mktemp("bad")
    folders = spoiled(checkpoint, root)
    given = {"checkpoint": str(checkpoint)}
    cases = [given | {k: folders.get(str(v), v) for k, v in changes.items()} for changes, _ in CASES]
    return run_phase("attempts", root / "artifacts", json.dumps(cases))


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{'-'.join(map(str, CASES[i][0].values()))}")
def test_it_is_one_line(case: int, said: list[str]) -> None:
    assert CASES[case][1] in said[case]
    assert "\n" not in said[case]


def test_a_batch_that_two_devices_cannot_share(checkpoint: Path, tmp_path: Path) -> None:
    changes = {"checkpoint": str(checkpoint), "strategy": "mirrored", "batch_size": 15}
    with pytest.raises(AssertionError, match="batch_size=15 cannot be shared by 2 replicas: give a multiple"):
        run_phase("fit", tmp_path / "a", json.dumps(changes), "two")
