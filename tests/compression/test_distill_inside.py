"""What a student learns of the inside of its teacher: it comes nearer, and takes nothing of the teacher along."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from bench.api import BenchError
from compression.intermediate import Recorder, relation_distance, state_distance
from compression.layer_map import mapped
from compression.recipes.distill import Distill
from compression.recipes.prune import Prune
from tests.baselines.sentences import log_loss, split, turned
from tests.compression.test_distill import distilled, student
from transformers_pt.recipes.finetune import Finetune

PLAIN = {"alpha": 0.0}


def seen(folder: Path) -> dict[tuple[str, int], np.ndarray]:
    """What the parts of a trained encoder put out for unseen texts, of the real tokens alone, float [tokens, width]."""
    predictor = Finetune().load(folder)
    _, padded = predictor.stages()["tokenize"](split(120, 2).texts)
    ids, mask = map(torch.from_numpy, padded)
    recorder = Recorder(predictor.model, related=True)
    with torch.no_grad():
        predictor.model(input_ids=ids, attention_mask=mask)
    return {place: states[mask == 1].numpy() for place, states in recorder.take().items()}


def unexplained(own: np.ndarray, theirs: np.ndarray) -> float:
    """The share of the teacher's variance that no linear map of the student's states gives."""
    inputs = np.column_stack([own, np.ones(len(own))])
    left = theirs - inputs @ np.linalg.lstsq(inputs, theirs, rcond=None)[0]
    return float(left.var(axis=0).sum() / theirs.var(axis=0).sum())


@pytest.fixture(scope="module")
def guided(teacher: Path, backbones: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same student by itself, and by all that its teacher's inside tells."""
    folder = tmp_path_factory.mktemp("guided")
    written = student(backbones["bert"], epochs=4)
    distilled(teacher, folder / "plain", student=written, **PLAIN)
    distilled(teacher, folder / "guided", student=written, hidden=1.0, embedding=1.0, attention=5.0, **PLAIN)
    return folder


@pytest.mark.parametrize(("kind", "layer", "theirs"), [("hidden", 0, 1), ("hidden", 1, 3), ("embedding", 0, 0)])
def test_its_states_come_nearer_to_the_teachers(
    kind: str, layer: int, theirs: int, guided: Path, teacher: Path
) -> None:
    wanted = seen(teacher)[kind, theirs]
    with_guide, without = (unexplained(seen(guided / name)[kind, layer], wanted) for name in ("guided", "plain"))
    assert with_guide < 0.8 * without


def test_nothing_of_the_teacher_is_in_the_student(guided: Path) -> None:
    names = [set(safe_open(guided / name / "model.safetensors", "np").keys()) for name in ("guided", "plain")]
    assert names[0] == names[1]


def test_the_weights_of_the_best_epoch_are_kept(teacher: Path, backbones: dict[str, Path], tmp_path: Path) -> None:
    """What training teaches is wrong in this validation: the first epoch is the best."""
    checks, written = turned(split(60, 1)), student(backbones["bert"], monitor="loss", patience=3)
    given = Distill.defaults | PLAIN | {"student": written, "hidden": 1.0}
    log = Distill().compress([teacher], split(150, 0), checks, given, 0, tmp_path)
    losses = [entry["validation_loss"] for entry in log.history]
    assert log.best_epoch == 1 and losses[0] < losses[2] - 1e-3
    assert log_loss(checks, Finetune().load(tmp_path).predict_proba(checks.texts)) == pytest.approx(losses[0], abs=1e-4)


def test_a_teacher_that_was_narrowed_still_shows_its_states(
    teacher: Path, backbones: dict[str, Path], tmp_path: Path
) -> None:
    narrow = tmp_path / "narrow"
    narrow.mkdir()
    params = {**Prune.defaults, "ratio": 0.4, "width_ratio": 0.25, "recovery_epochs": 0, "importance_rows": 32}
    Prune().compress([teacher], split(300, 0), split(90, 1), params, 0, narrow)
    card = json.loads((teacher / "artifact.json").read_text()) | {"recipe": "prune", "layout": "finetune"}
    (narrow / "artifact.json").write_text(json.dumps(card))
    log = distilled(narrow, tmp_path / "a", student=student(backbones["bert"]), hidden=1.0, embedding=1.0, **PLAIN)
    assert np.isfinite(log.history[-1]["loss"])


def test_a_student_with_other_tokens_is_refused(teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="has another tokenizer or normalization than its teacher"):
        distilled(teacher, tmp_path / "a", student="tweets-tiny[precision=float32,max_length=24]", hidden=1.0, **PLAIN)


def test_a_student_that_reads_further_is_refused(teacher: Path, backbones: dict[str, Path], tmp_path: Path) -> None:
    written = student(backbones["bert"], max_length=40)
    with pytest.raises(BenchError, match="give the student max_length=24"):
        distilled(teacher, tmp_path / "a", student=written, embedding=1.0, **PLAIN)


def test_other_families_have_no_inside_to_compare(teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="these are 'lstm' and 'finetune': leave them 0"):
        distilled(teacher, tmp_path / "a", student="lstm", hidden=1.0)
    other = shutil.copytree(teacher, tmp_path / "linear")
    (other / "artifact.json").write_text(json.dumps({"recipe": "linear"}))
    with pytest.raises(BenchError, match="these are 'finetune' and 'linear'"):
        distilled(other, tmp_path / "b", student="finetune", attention=1.0)


def test_padding_changes_no_distance() -> None:
    torch.manual_seed(0)
    own, theirs, mask = torch.randn(2, 5, 12), torch.randn(2, 5, 8), torch.tensor([[1] * 5, [1] * 3 + [0] * 2])
    before = relation_distance(own, theirs, mask), state_distance(own[..., :8], theirs, mask)
    own[1, 3:], theirs[1, 3:] = 100.0, -100.0
    after = relation_distance(own, theirs, mask), state_distance(own[..., :8], theirs, mask)
    torch.testing.assert_close(before, after)
    assert relation_distance(theirs, theirs, mask).abs() < 1e-6 < before[0]


@pytest.mark.parametrize(
    ("text", "student", "teacher", "pairs"),
    [
        ("uniform", 4, 12, [(0, 2), (1, 5), (2, 8), (3, 11)]),
        ("uniform", 4, 2, [(0, 0), (1, 0), (2, 0), (3, 1)]),
        ("last", 2, 6, [(0, 4), (1, 5)]),
        ("last", 3, 2, [(1, 0), (2, 1)]),
        ("0-6", 2, 6, [(1, 5)]),
    ],
)
def test_layers_are_mapped(text: str, student: int, teacher: int, pairs: list[tuple[int, int]]) -> None:
    assert mapped(text, student, teacher) == pairs


@pytest.mark.parametrize(
    ("text", "said"),
    [("unifrom", "did you mean 'uniform'"), ("1-2-3", "each of the student's 2 layers"), ("0-0", "2 layers")],
)
def test_a_map_that_cannot_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        mapped(text, 2, 6)


def test_weights_below_zero_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="hidden=-1: give a weight"):
        Distill().compress([tmp_path], split(3, 0), split(3, 1), Distill.defaults | {"hidden": -1.0}, 0, tmp_path)
