"""Counting epochs without a framework: one variable that each step adds to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import epochs
from bench.api import BenchError, DeviceUse, EpochLog, RunContext

PARAMS = {"epochs": 5, "monitor": "loss", "patience": 2}
STEPS = 4


class Number:
    """A variable of one number."""

    def __init__(self) -> None:
        self.value = np.zeros(())

    def numpy(self) -> Any:
        return self.value

    def assign(self, value: Any) -> None:
        self.value = value


def train(context: RunContext, until: int = 10**6, best: float = 8.0) -> tuple[EpochLog, Number]:
    """The loss of validation is how far the number, which grows by one a step, is from `best`."""
    number = Number()

    def validate() -> tuple[dict[str, float], list[Any]]:
        return {"loss": abs(float(number.value) - best)}, [number.value]

    log = EpochLog(STEPS, 40, PARAMS, lambda step: 0.1, validate, lambda: [number], context)
    log.begin()
    while not log.over and log.step < until:
        number.value = number.value + 1.0
        log.after(log.step + 1, float(number.value))
    return log, number


@pytest.fixture
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epochs, "CHECKPOINT_SECONDS", 0.0)


def test_patience_ends_it_and_the_best_weights_are_kept() -> None:
    log, number = train(RunContext())
    assert log.best_epoch == 2 and log.best == [8.0] and number.value == 16.0
    told = log.training(DeviceUse("cpu"))
    assert [entry["validation_loss"] for entry in told.history] == [4.0, 0.0, 4.0, 8.0]
    assert told.epochs_run == 4 and told.examples_per_second


@pytest.mark.parametrize("killed_at", [1, 4, 9])
@pytest.mark.usefixtures("at_every_step")
def test_it_goes_on_from_the_step_that_was_stored(killed_at: int, tmp_path: Path) -> None:
    context = RunContext(checkpoint=tmp_path / "work")
    train(context, until=killed_at)
    resumed, number = train(context)
    unbroken, same = train(RunContext())
    assert resumed.history == unbroken.history and number.value == same.value
    assert resumed.best_epoch == unbroken.best_epoch and resumed.best == unbroken.best


def test_a_short_training_stores_nothing(tmp_path: Path) -> None:
    train(RunContext(checkpoint=tmp_path / "work"))
    assert not (tmp_path / "work").exists()


@pytest.mark.usefixtures("at_every_step")
def test_a_damaged_checkpoint_is_told_and_not_taken(tmp_path: Path) -> None:
    train(RunContext(checkpoint=tmp_path), until=6)
    (tmp_path / "state.npz").write_bytes((tmp_path / "state.npz").read_bytes()[:99])
    with pytest.warns(UserWarning, match="the training starts anew"):
        assert len(train(RunContext(checkpoint=tmp_path))[0].history) == 4


def test_a_loss_that_is_no_number_ends_it() -> None:
    log = EpochLog(STEPS, 40, PARAMS, lambda step: 0.1, None, list, RunContext())
    with pytest.raises(BenchError, match=r"NaN or infinite at step 3, where the rate was 0\.1: lower learning_rate"):
        log.after(3, float("nan"))
