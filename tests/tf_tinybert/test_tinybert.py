"""The recipe learns, repeats itself, compiles, and its weights are those of Hugging Face's BERT."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import ROOT

Learned = tuple[Path, dict[str, Any]]
TORCH = """
import sys, numpy as np, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from bench.api import normalizer
from tests.baselines.sentences import split
for folder, normalization, length, out in zip(sys.argv[1::4], sys.argv[2::4], sys.argv[3::4], sys.argv[4::4]):
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, use_safetensors=True, trust_remote_code=False
    ).eval()
    texts = [normalizer(normalization)(text) for text in split(120, 2).texts]
    encode = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    rows = encode(texts, padding=True, truncation=True, max_length=int(length), return_tensors="pt")
    with torch.inference_mode():
        np.save(out, torch.softmax(model(**rows).logits, -1).numpy())
    print(list(model.config.id2label.values()), model.config.hidden_act)
"""


@pytest.fixture(scope="module")
def exported(learned: Learned, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Both artifacts exported and read by PyTorch in a process of its own: probabilities, and what it printed."""
    root, out = learned[0], tmp_path_factory.mktemp("exported")
    arguments = []
    for name in ("once", "shipped"):
        command = [sys.executable, "-m", "tf_tinybert", "export", str(root / name), str(out / name)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        facts = json.loads((root / name / "model.json").read_text())
        assert facts["normalization"] in done.stdout
        arguments += [str(out / name), facts["normalization"], str(facts["max_length"]), str(out / f"{name}.npy")]
    told = subprocess.run([sys.executable, "-c", TORCH, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-3000:]
    return out, told.stdout


def test_it_learns_and_tells_what_it_did(learned: Learned) -> None:
    log = learned[1]["log"]
    assert [entry["epoch"] for entry in log["history"]] == [1, 2, 3, 4][: log["epochs_run"]]
    assert log["history"][-1]["loss"] < log["history"][0]["loss"] / 2
    best = max(entry["validation_accuracy"] for entry in log["history"])
    assert log["history"][log["best_epoch"] - 1]["validation_accuracy"] == best
    assert {"validation_loss", "validation_macro_f1", "validation_macro_recall"} <= set(log["history"][0])
    assert log["examples_per_second"] > 0 and learned[1]["probe"]["accuracy"] > 0.9
    device = {"actual": "cpu", "dtype": "float32", "strategy": "single", "replicas": 1, "batch_per_replica": 16}
    assert log["device"] == device | {"accumulation": 1, "hosts": []}
    assert learned[1]["torch"] is False


def test_the_rate_rises_then_falls_and_is_zero_at_no_step(learned: Learned) -> None:
    rates = [entry["learning_rate"] for entry in learned[1]["log"]["history"]]
    steps, warmup = 4 * 30, int(0.06 * 4 * 30)
    assert rates == pytest.approx([1e-3 * (steps - 30 * e + 1) / (steps - warmup) for e in range(1, len(rates) + 1)])
    assert min(rates) > 0


@pytest.mark.slow
def test_the_same_seed_trains_to_the_same_numbers(learned: Learned) -> None:
    root, found = learned
    assert found["once"]["history"] == found["again"]["history"]
    first, second = (load_file(str(root / name / "model.safetensors")) for name in ("once", "again"))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.slow
def test_a_refit_keeps_the_last_epoch(learned: Learned) -> None:
    refit = learned[1]["refit"]
    assert refit["epochs_run"] == 2 and refit["best_epoch"] is None
    assert all(set(entry) == {"epoch", "loss", "learning_rate"} for entry in refit["history"])


def test_the_weights_of_the_best_epoch_are_kept(learned: Learned) -> None:
    """What training teaches is wrong in this validation: the first epoch is the best."""
    losses = [entry["validation_loss"] for entry in learned[1]["once"]["history"]]
    assert learned[1]["once"]["best_epoch"] == 1 and losses[0] < losses[1] - 1e-3
    assert learned[1]["kept_loss"] == pytest.approx(losses[0], abs=1e-4)


def test_the_gradient_of_a_step_is_clipped_whole(learned: Learned) -> None:
    """Momentum is a tenth of the first gradient: 30 and 40, of norm 50, become 0.6 and 0.8."""
    assert learned[1]["momentum"] == pytest.approx([0.06, 0.08])


@pytest.mark.slow
def test_steps_that_xla_compiles_learn_the_same(learned: Learned) -> None:
    found = learned[1]
    for compiled, plain in zip(found["compiled"]["history"], found["refit"]["history"], strict=True):
        assert compiled == pytest.approx(plain, abs=1e-4)
    assert found["xla"] < 1e-5


def test_any_text_gets_its_probabilities_whatever_its_batch(learned: Learned) -> None:
    probe = learned[1]["probe"]
    assert probe["sums"] == pytest.approx([1.0] * len(probe["sums"]), abs=1e-5)
    assert probe["dtype"] == "float32" and probe["empty"] == [0, 3]
    assert probe["alone_gap"] < 1e-5 and probe["staged_gap"] < 1e-5


@pytest.mark.parametrize(("name", "tensors"), [("random", 5 + 2 * 16 + 2), ("shipped", 5 + 2 * 16)])
def test_weights_go_to_keras_and_back_unchanged(name: str, tensors: int, learned: Learned) -> None:
    assert learned[1]["trip"][name] == {"tensors": tensors, "gap": 0.0}


@pytest.mark.parametrize("name", ["once", "shipped"])
def test_pytorch_gives_the_same_probabilities(name: str, learned: Learned, exported: tuple[Path, str]) -> None:
    ours, theirs = np.load(learned[0] / f"{name}.npy"), np.load(exported[0] / f"{name}.npy")
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_an_export_names_labels_and_activation_and_nothing_else(exported: tuple[Path, str]) -> None:
    assert exported[1].splitlines() == [
        "['negative', 'neutral', 'positive'] gelu", "['negative', 'neutral', 'positive'] gelu_pytorch_tanh",
    ]  # fmt: skip
    files = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in (exported[0] / "once").iterdir()} == files


def test_the_artifact_says_where_it_started(learned: Learned) -> None:
    facts = json.loads((learned[0] / "shipped" / "model.json").read_text())
    assert facts["checkpoint"] == "tweets-tiny" and facts["pretrained"] is True and facts["normalization"] == "plain-2"
