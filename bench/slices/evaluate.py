"""The slices of one model of a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.board.aggregate import boards, chosen
from bench.board.comparison import Target, target
from bench.board.predictions import Predictions
from bench.board.rows import stored_rows
from bench.data import DatasetRef
from bench.data.context import written
from bench.data.reading import AS_FOUND
from bench.errors import BenchError
from bench.run.datasets import dataset_of, prepared_dataset
from bench.slices.compare import compare
from bench.slices.context import by_context
from bench.slices.definitions import members
from bench.slices.evaluation import SLICES, Sliced
from bench.store import Store


def evaluate(store: Store, dataset: str, name: str | None, data_dir: Path | None) -> tuple[str, Sliced]:
    """The title of a model on a data set, the best one where no name is given, and its slices, which are stored.

    A `BenchError` where the store has no predictions of it, or of other test texts than those that are found.
    """
    rows = stored_rows(store)
    predictions = Predictions(store, rows)
    board = next((board for board in chosen(boards(rows, predictions), dataset) if board.ok_lines), None)
    if board is None:
        raise BenchError(f"no model on {dataset} has scores")
    chosen_one = Target(board.ok_lines[0]) if name is None else target(board, name)
    title = chosen_one.name
    runs = [run for run in chosen_one.runs(predictions) if len(run.ids)]
    with store.lock():
        prepared = prepared_dataset(dataset_of(board.data, store, data_dir), store, board.data.limit)
        ref = DatasetRef(dataset, prepared.meta.reading or AS_FOUND, data_dir)
        ids, texts = prepared.test_texts()
        usable = [run for run in runs if np.array_equal(run.ids, ids)]
        if not usable:
            raise BenchError(f"'{title}' has no stored predictions of the test texts that are found: run it again")
        inside = {**members(texts, prepared.train().texts), **by_context(written(ref, ids, texts))}
        slices = compare(inside, usable[0].labels, [run.predicted for run in usable])
        found = Sliced(run_id=usable[0].run_id, dataset=dataset, seeds=len(usable), slices=slices)
        SLICES.put(store.root, found)
    return title, found
