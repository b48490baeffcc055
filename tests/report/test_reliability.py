"""Reliability diagrams: their points are the bins of the calibration error."""

from __future__ import annotations

import numpy as np
import pytest

from bench.board.predictions import Predictions, best_of_each_recipe
from bench.board.rows import rows
from bench.measure.quality import score
from bench.palette import Palette
from bench.report.plots.reliability import reliability
from bench.store import Store
from tests.report.synthetic import EMOTIONS, Model, boards_of, result


def test_the_points_of_a_diagram_make_up_the_calibration_error(store: Store) -> None:
    made, arrays = result(Model("linear"))
    store.put(made, arrays)
    read = rows(store.read_all())
    (board,) = boards_of(store)
    drawn = reliability(board.name, best_of_each_recipe(board, Predictions(store, read)), Palette.of(board.lines))
    assert drawn is not None
    (model,) = drawn.models
    gaps = zip(model.share, model.confidence, model.accuracy, strict=True)
    error = sum(share * abs(says - right) for share, says, right in gaps)
    assert error == pytest.approx(score(arrays["labels"], arrays["probabilities"], EMOTIONS, n_bootstrap=2).ece.value)
    held, _ = np.histogram(arrays["probabilities"].max(axis=1), bins=15, range=(0, 1))
    assert list(model.count) == held[held > 0].tolist() and len(model.count) > 5
