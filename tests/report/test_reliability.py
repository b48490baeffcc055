"""Calibration on the page: its points are the bins of the calibration error."""

from __future__ import annotations

import numpy as np
import pytest

from bench.board.predictions import Predictions, best_of_each_recipe
from bench.board.rows import rows
from bench.measure.quality import score
from bench.report.page.evidence import calibration
from bench.store import Store
from tests.report.synthetic import EMOTIONS, Model, boards_of, result


def test_the_points_of_a_diagram_make_up_the_calibration_error(store: Store) -> None:
    made, arrays = result(Model("linear"))
    store.put(made, arrays)
    read = rows(store.read_all())
    (board,) = boards_of(store)
    (fold,) = calibration(best_of_each_recipe(board, Predictions(store, read)))
    (block,) = fold["blocks"]
    _, points = block["series"]
    gaps = zip(points["size"], points["x"], points["y"], strict=True)
    error = sum(share * abs(says - right) for share, says, right in gaps)
    assert error == pytest.approx(score(arrays["labels"], arrays["probabilities"], EMOTIONS, n_bootstrap=2).ece.value)
    held, _ = np.histogram(arrays["probabilities"].max(axis=1), bins=15, range=(0, 1))
    assert len(points["x"]) == (held > 0).sum() > 5
