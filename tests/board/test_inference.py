"""What one seed of a compressed model borrows from others that were made alike."""

from __future__ import annotations

import numpy as np
import pytest

from bench.board.aggregate import boards
from bench.board.inference import Inference, Subject
from bench.board.predictions import Predictions
from bench.board.rows import stored_rows
from bench.stats.estimate import Estimate
from bench.store import Store
from tests.report.synthetic import Model, result

TEXTS = 400


def put(
    store: Store, recipe: str, run_id: str, seed: int, wrong: np.ndarray, parent: str | None = None,
    trained_on: str = "train",
) -> None:  # fmt: skip
    made, arrays = result(Model(recipe), seed, run_id=run_id, trained_on=trained_on)
    labels = arrays["labels"]
    predicted = np.where(np.isin(np.arange(len(labels)), wrong), (labels + 1) % 6, labels)
    arrays |= {"probabilities": np.eye(6, dtype=np.float32)[predicted]}
    identity = made.identity.model_copy(update={"parent_run_id": parent})
    store.put(made.model_copy(update={"identity": identity}), arrays)


def subjects(store: Store, *run_ids: str) -> tuple[Inference, list[Subject]]:
    rows = stored_rows(store)
    (board,) = boards(rows, Predictions(store, rows), {})
    inference = Inference(board.ok_lines, Predictions(store, rows), board.metric)
    found = [inference.subject(next(line for line in board.lines if ids in line.run_ids)) for ids in run_ids]
    return inference, [subject for subject in found if subject]


def difference(store: Store, first: str, second: str) -> Estimate:
    inference, (one, other) = subjects(store, first, second)
    return inference.difference(one, other)


def score(store: Store, run_id: str) -> Estimate:
    inference, (one,) = subjects(store, run_id)
    return inference.score(one)


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


def test_a_lone_seed_borrows_nothing_from_those_that_also_draw_their_texts(store: Store) -> None:
    """A model of eight texts a label differs from seed to seed by far more than one that has seen all of train."""
    random = np.random.default_rng(0)
    for recipe in ("lstm", "bert", "roberta", "dnn"):
        for seed in range(1 if recipe == "dnn" else 3):
            put(store, recipe, f"{recipe}-{seed}", seed, random.choice(TEXTS, 40 + seed, replace=False))
    before = score(store, "dnn-0")
    for recipe in ("dnn", "lstm", "bert", "roberta"):
        for seed in range(3):
            wrong = random.choice(TEXTS, 60 + 100 * seed, replace=False)
            put(store, recipe, f"{recipe}-few-{seed}", seed, wrong, trained_on="8 a label")
    assert score(store, "dnn-0") == before
    few = score(store, "dnn-few-0").interval()
    assert few[1] - few[0] > 3 * (before.interval()[1] - before.interval()[0])


def test_models_of_few_labels_do_not_widen_the_intervals_of_the_others(store: Store) -> None:
    random = np.random.default_rng(0)
    for recipe, errors in (("lstm", 20), ("bert", 40), ("dnn", 80)):
        put(store, recipe, f"{recipe}-0", 0, random.choice(TEXTS, errors, replace=False))
    inference, pair = subjects(store, "lstm-0", "dnn-0")
    before = inference.level(*pair)
    for number in (8, 16, 32, 64, 128):
        wrong = random.choice(TEXTS, 300 - number, replace=False)
        put(store, "dnn", f"dnn-{number}", 0, wrong, trained_on=f"{number} a label")
    inference, (best, other, few) = subjects(store, "lstm-0", "dnn-0", "dnn-8")
    assert inference.level(best, other) == before < 0.05
    assert inference.level(best, few) < before, "which is one of all pairs"
