"""SetFit: it learns from a few texts of each label, repeats itself, and leaves an encoder like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.api import BenchError, RunContext, Training
from bench.data.few import few_labels
from tests.baselines.sentences import LABELS, split
from tests.transformers_pt.conftest import accuracy, predicted
from transformers_pt.recipes.finetune import Finetune
from transformers_pt.recipes.setfit import SetFit

pytest.importorskip("setfit")


def fit(folder: Path, context: RunContext, labels: tuple[str, ...] = LABELS, **changes: Any) -> Training:
    folder.mkdir()
    few = few_labels(split(120, 0, labels), 8, 0)
    none = replace(few, ids=[], texts=[], labels=few.labels[:0])
    return SetFit().fit(few, none, {**SetFit.defaults, **SetFit.smoke, **changes}, 0, folder, context)


def test_it_learns_from_few_and_repeats_itself(tmp_path: Path) -> None:
    told: list[tuple[float, float]] = []
    context = RunContext(listener=lambda done, total, values: told.append((done, total)))
    for name in ("a", "b"):
        fit(tmp_path / name, context, pairs=4)
    first, second = (predicted(Finetune(), tmp_path / name) for name in ("a", "b"))
    np.testing.assert_array_equal(first, second)
    assert accuracy(first) > 0.7
    assert told[0] == (1, 12) and told[-1] == (12, 12), "2 · 4 pairs of 24 texts, 16 a step"


def test_two_labels_and_a_bound_on_steps(tmp_path: Path) -> None:
    told: list[float] = []
    context = RunContext(listener=lambda done, total, values: told.append(total))
    fit(tmp_path / "a", context, ("negative", "positive"), max_steps=3, pairs=9)
    assert set(told) == {3}
    assert SetFit().load(tmp_path / "a").predict_proba(["a great film"]).shape == (1, 2)


def test_the_encoder_trains_in_the_precision_that_its_row_tells(tmp_path: Path) -> None:
    lower: list[bool] = []
    context = RunContext(listener=lambda done, total, values: lower.append(torch.is_autocast_enabled("cpu")))
    training = fit(tmp_path / "a", context, max_steps=2)
    assert training.device is not None and set(lower) == {training.device.dtype == "bfloat16"}


def test_bad_parameters(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="pairs=0: give a number above 0"):
        fit(tmp_path / "a", RunContext(), pairs=0)
