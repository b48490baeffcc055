"""A training that is killed anywhere goes on from minutes before, and ends as if it had not been."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from safetensors.torch import load_file

from bench.api import RunContext, Training
from tests.baselines.sentences import split
from tests.transformers_pt.conftest import QUICK, Checkpoints
from transformers_pt import progress
from transformers_pt.recipes.finetune import Finetune

CHANGES = {"epochs": 3, "patience": 3, "dropout": 0.2, "token_masking": 0.2, "learning_rate": 2e-3}


class Killed(BaseException):
    """As a signal would end the training."""


def train(backbone: Path, folder: Path, context: RunContext) -> Training:
    folder.mkdir()
    params = {**Finetune.defaults, **QUICK, **CHANGES, "backbone": str(backbone)}
    return Finetune().fit(split(300, 0), split(90, 1), params, 0, folder, context)


@pytest.mark.parametrize(
    "kill_at",
    [
        pytest.param(10, id="in the first epoch", marks=pytest.mark.slow), pytest.param(30, id="in the second"),
        pytest.param(40, id="in the third", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_what_is_resumed_ends_with_the_same_weights(
    kill_at: int, checkpoints: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = train(checkpoints["bert"], tmp_path / "unbroken", RunContext())
    monkeypatch.setattr(progress, "CHECKPOINT_SECONDS", 0.0)
    steps: list[float] = []

    def kill(done: float, total: float, values: Mapping[str, float]) -> None:
        if done == kill_at:
            raise Killed

    with pytest.raises(Killed):
        train(checkpoints["bert"], tmp_path / "killed", RunContext(checkpoint=tmp_path / "work", listener=kill))
    context = RunContext(checkpoint=tmp_path / "work", listener=lambda done, total, values: steps.append(done))
    resumed = train(checkpoints["bert"], tmp_path / "resumed", context)
    assert min(steps) == kill_at, "nothing that was saved is trained again"
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("unbroken", "resumed"))
    assert first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)
    scores = [[entry["validation_loss"] for entry in log.history] for log in (unbroken, resumed)]
    assert scores[0] == scores[1] and unbroken.best_epoch == resumed.best_epoch
