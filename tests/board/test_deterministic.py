"""What every seed makes alike has no spread to be borrowed: one run of it is told from models that are far better."""

from __future__ import annotations

from pathlib import Path

from bench.board.inference import Inference
from bench.board.predictions import Predictions
from bench.store import Store
from tests.report.synthetic import Model, boards_of, result


def test_a_single_run_of_a_deterministic_recipe_borrows_no_spread(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name, accuracies in (("a", (0.95, 0.94)), ("b", (0.9, 0.7)), ("c", (0.93, 0.931)), ("d", (0.92, 0.8))):
        for seed, accuracy in enumerate(accuracies):  # spreads unlike one another
            store.put(*result(Model(name, accuracy=accuracy), seed))
    store.put(*result(Model("nbsvm", accuracy=0.75), 0))
    store.put(*result(Model("e", accuracy=0.75), 0))
    (board,) = boards_of(store)
    held = Inference(board.ok_lines, Predictions(store, []), board.metric)
    subjects = {line.recipe: held.subject(line) for line in board.ok_lines}
    best = subjects["a"]
    assert best is not None
    low, high = held.score(subjects["nbsvm"]).interval()  # type: ignore[arg-type]
    assert high - low < 0.12, "over its 300 texts alone"
    other = held.score(subjects["e"])  # type: ignore[arg-type]
    assert other.seeds == "borrowed" and other.interval()[1] - other.interval()[0] > 2 * (high - low)
