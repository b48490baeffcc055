"""What one seed of a compressed model borrows from others that were made alike."""

from __future__ import annotations

import numpy as np
import pytest

from bench.board.aggregate import boards
from bench.board.inference import Inference
from bench.board.predictions import Predictions
from bench.board.rows import stored_rows
from bench.stats.estimate import Estimate
from bench.store import Store
from tests.report.synthetic import Model, result

TEXTS = 400


def put(store: Store, recipe: str, run_id: str, seed: int, wrong: np.ndarray, parent: str | None = None) -> None:
    made, arrays = result(Model(recipe), seed, run_id=run_id)
    labels = arrays["labels"]
    predicted = np.where(np.isin(np.arange(len(labels)), wrong), (labels + 1) % 6, labels)
    arrays |= {"probabilities": np.eye(6, dtype=np.float32)[predicted]}
    identity = made.identity.model_copy(update={"parent_run_id": parent})
    store.put(made.model_copy(update={"identity": identity}), arrays)


def difference(store: Store, first: str, second: str) -> Estimate:
    rows = stored_rows(store)
    (board,) = boards(rows, Predictions(store, rows), {})
    inference = Inference(board.ok_lines, Predictions(store, rows), board.metric)
    subjects = [inference.subject(next(line for line in board.lines if ids in line.run_ids)) for ids in (first, second)]
    assert subjects[0] and subjects[1]
    return inference.difference(subjects[0], subjects[1])


@pytest.mark.parametrize("pair", [("lone", "lone-int8"), ("lone-int8", "lone-onnx")])
def test_a_step_of_one_seed_borrows_from_steps_made_alike_alone(store: Store, pair: tuple[str, str]) -> None:
    """int8 changes next to nothing, whatever the seed; pruning changes much, and says nothing of int8."""
    random = np.random.default_rng(0)
    for family in ("lstm", "dnn", "bert"):
        for seed in range(3):
            wrong, run = random.choice(TEXTS, 40, replace=False), f"{family}-{seed}"
            put(store, family, run, seed, wrong)
            for child in ("int8", "onnx"):
                put(store, child, f"{run}-{child}", seed, np.append(wrong, random.choice(TEXTS, 1)), run)
            put(store, "prune", f"{run}-prune", seed, random.choice(TEXTS, 30 + 40 * seed, replace=False), run)
    wrong = random.choice(TEXTS, 40, replace=False)
    put(store, "roberta", "lone", 0, wrong)
    for child in ("int8", "onnx"):
        put(store, child, f"lone-{child}", 0, np.append(wrong, random.choice(TEXTS, 1)), "lone")
    low, high = difference(store, *pair).interval(0.001)
    assert -0.03 < low <= 0 <= high < 0.03
