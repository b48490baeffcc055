"""Distillation of a fine-tuned encoder: what the teacher changes, what it costs, and when it changes nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.api import STANDALONE, BenchError, RunContext, SoftTargets
from bench.params import parse_recipe
from compression.recipes.distill import Distill
from compression.students import student_of
from tests.baselines.sentences import split
from tests.compression.conftest import QUICK
from tests.compression.parents import size
from tests.forks import ROOT, fork
from transformers_pt.batches import Rows
from transformers_pt.criterion import Criterion
from transformers_pt.recipes.finetune import Finetune

UNSEEN = split(120, 2).texts


def student(backbone: Path, **changes: Any) -> str:
    """As it is written in a suite."""
    params = {**QUICK, "backbone": backbone} | changes
    return f"finetune[{','.join(f'{key}={value}' for key, value in params.items())}]"


def distilled(
    teacher: Path, folder: Path, rows: int = 300, seed: int = 0, context: RunContext = STANDALONE, **params: Any
) -> Any:
    """The training of a student, its artifact in `folder`."""
    folder.mkdir(parents=True)
    given = {**Distill.defaults, "temperature": 2.0} | params
    return Distill().compress([teacher], split(rows, 0), split(90, 1), given, seed, folder, context)


def distance(teacher: np.ndarray, own: np.ndarray) -> float:
    """KL(teacher ‖ student) a text, in nats."""
    return float((teacher * (np.log(teacher + 1e-9) - np.log(own + 1e-9))).sum(1).mean())


def says(folder: Path, recipe: Any = Finetune) -> np.ndarray:
    return recipe().load(folder).predict_proba(UNSEEN)


def test_a_student_comes_nearer_to_its_teacher_than_without_it(
    teacher: Path, backbones: dict[str, Path], tmp_path: Path, kept: RunContext
) -> None:
    written = student(backbones["bert"])
    taught = distilled(teacher, tmp_path / "taught", student=written, alpha=1.0)
    distilled(teacher, tmp_path / "plain", student=written, alpha=0.0)
    theirs = says(teacher)
    assert distance(theirs, says(tmp_path / "taught")) < 0.8 * distance(theirs, says(tmp_path / "plain"))
    assert taught.teacher_bytes == size(teacher)


def test_alpha_zero_is_plain_training_bit_for_bit(
    teacher: Path, backbones: dict[str, Path], tmp_path: Path, kept: RunContext
) -> None:
    distilled(teacher, tmp_path / "zero", context=kept, student=student(backbones["bert"], epochs=1), alpha=0.0)
    params = {**Finetune.defaults, **QUICK, "backbone": str(backbones["bert"]), "epochs": 1}
    (tmp_path / "plain").mkdir()
    Finetune().fit(split(300, 0), split(90, 1), params, 0, tmp_path / "plain")
    for path in (tmp_path / "plain").glob("*.safetensors"):
        assert path.read_bytes() == (tmp_path / "zero" / path.name).read_bytes()
    assert kept.cache is not None and not (kept.cache / "teachers").exists()


def test_a_second_student_asks_no_teacher(
    quick_teacher: Path, backbones: dict[str, Path], tmp_path: Path, kept: RunContext
) -> None:
    assert kept.cache is not None
    first, second = (student(backbones[name], epochs=1) for name in ("bert", "minilm"))
    distilled(quick_teacher, tmp_path / "a", rows=64, context=kept, student=first)
    before = {path: path.stat().st_mtime_ns for path in (kept.cache / "teachers").iterdir()}
    distilled(quick_teacher, tmp_path / "b", rows=64, context=kept, student=second, temperature=4.0)
    after = {path: path.stat().st_mtime_ns for path in (kept.cache / "teachers").iterdir()}
    assert len(before) == 1 and after == before


def softmax(scores: np.ndarray) -> np.ndarray:
    exponents = np.exp(scores)
    return exponents / exponents.sum(1, keepdims=True)


def test_the_loss_is_the_documented_one_in_every_framework(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    logits, theirs = random.normal(size=(5, 3)), random.dirichlet(np.ones(3), 5)
    labels, alpha, temperature = np.array([0, 1, 2, 0, 1]), 0.3, 2.5
    soft, own = softmax(np.log(theirs) / temperature), softmax(logits / temperature)
    told = alpha * temperature**2 * (soft * np.log(soft / own)).sum(1)
    hard = -(1 - alpha) * np.log(softmax(logits)[np.arange(5), labels])

    soft_targets = SoftTargets(theirs.astype(np.float32), alpha, temperature)
    batch = {"labels": torch.tensor(labels), "softened": torch.from_numpy(soft_targets.softened())}
    loss = Criterion(None, 0.0, soft_targets)(torch.from_numpy(logits).float(), batch)
    assert float(loss) == pytest.approx((told + hard).mean(), abs=1e-5)

    given = {"logits": logits.tolist(), "theirs": theirs.tolist(), "labels": labels.tolist()}
    (tmp_path / "in.json").write_text(json.dumps(given | {"alpha": alpha, "temperature": temperature}))
    command = ("tests.compression.keras_losses", str(tmp_path / "in.json"), str(tmp_path / "out.json"))
    done = fork("tensorflow", *command, environment=os.environ, folder=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    keras = json.loads((tmp_path / "out.json").read_text())
    assert keras["baselines"] == pytest.approx((told + hard).mean(), abs=1e-5)
    assert keras["tinybert"] == pytest.approx((told + hard).mean(), abs=1e-5)
    assert keras["weighted"] == pytest.approx((told + hard * np.where(labels == 0, 2.0, 1.0)).mean(), abs=1e-5)
    assert keras["validation"][0] == keras["validation"][1], "validation is without a teacher"


def test_students_are_written_with_brackets_inside_of_brackets() -> None:
    name, params = parse_recipe("distill[student=finetune[backbone=tweets-tiny,epochs=6],alpha=0.5]")
    assert name == "distill" and params == {"student": "finetune[backbone=tweets-tiny,epochs=6]", "alpha": 0.5}
    recipe, given = student_of(params["student"])
    assert (recipe.name, given["backbone"], given["epochs"]) == ("finetune", "tweets-tiny", 6)
    recipe, given = student_of("distilbert[epochs=3]")
    assert (recipe.name, given["backbone"], given["epochs"]) == ("finetune", "distilbert", 3)
    assert student_of("tinybert4")[1]["backbone"] == "tinybert"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("distilbrt", "did you mean 'distilbert'?"),
        ("finetune[epoch=3]", "did you mean 'epochs'?"),
        ("linear", "student 'linear' does not learn from a teacher; these do: "),
        ("distill[alpha=0.5]", "does not learn from a teacher"),
        ("finetune[epochs=3", "write recipe[key=value,key=value]"),
    ],
)
def test_a_student_that_cannot_be_is_refused(written: str, said: str) -> None:
    with pytest.raises(BenchError) as error:
        Distill().resolve({"student": written})
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "params", [{"alpha": 1.2}, {"temperature": 0.0}, {"augment": -1}, {"augment_rate": 1.0}, {"transfer_limit": -5}]
)
def test_a_number_that_cannot_be_is_refused(params: dict[str, float], tmp_path: Path) -> None:
    (name,) = params
    with pytest.raises(BenchError, match=f"^{name}=.*: give "):
        distilled(tmp_path, tmp_path / "a", **params)


def test_a_student_that_is_no_smaller_is_warned_of(
    quick_teacher: Path, backbones: dict[str, Path], tmp_path: Path, kept: RunContext
) -> None:
    told = distilled(quick_teacher, tmp_path / "a", rows=32, student=student(backbones["bert"], epochs=1))
    (warning,) = told.warnings
    assert "it is no smaller, so this compresses nothing" in warning
    assert told.teacher_bytes is not None and told.teacher_bytes < size(tmp_path / "a")


def test_what_a_split_says_of_its_teacher_follows_its_rows() -> None:
    said = np.random.default_rng(0).dirichlet(np.ones(3), 4).astype(np.float32)
    rows = Rows([[1], [2], [3], [4]], np.arange(4), SoftTargets(said, 0.5, 1.0))
    for number in range(4):
        np.testing.assert_allclose(rows[number]["softened"], said[number], atol=1e-6)
    assert "softened" not in replace(rows, soft_targets=None)[0]
