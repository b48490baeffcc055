"""The stored predictions behind leaderboard lines, each file read once however often it is used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bench.board.descent import Descent
from bench.board.leaderboard import Board, Line
from bench.board.row import Row
from bench.store import Store
from bench.thresholds import predicted_labels

Part = Literal["test", "validation"]
MAX_SHOWN = 10
"""Recipes drawn in the figures of one data set; the table has them all."""


@dataclass(frozen=True)
class Run:
    """One seed of a line."""

    row: Row
    ids: npt.NDArray[Any]
    """Unicode [n]; empty where no predictions are stored, as the two below."""
    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    """[n, k]"""
    validation_labels: npt.NDArray[np.int64]
    """Empty where no predictions of the validation split are stored, as the one below."""
    validation_probabilities: npt.NDArray[np.float32]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """As of `Outcome`, of the test texts."""
        return predicted_labels(self.probabilities, self.row.thresholds)

    @property
    def seed(self) -> int:
        """Its seed."""
        return self.row.seed

    @property
    def run_id(self) -> str:
        """Its run id."""
        return self.row.run_id


@dataclass(frozen=True)
class Outcome:
    """What one run predicts of a split."""

    run_id: str
    seed: int
    labels: npt.NDArray[np.int64]
    """The true ones, int64 [n]; 0 or 1 in [n, k] where a text may have several."""
    predicted: npt.NDArray[np.int64]
    """Those of the largest probability, int64 [n], a tie goes to the first; or 0 and 1, [n, k]."""
    n_labels: int
    texts: int
    """Hash of the texts' ids and labels; of the validation split, whose ids are not stored, of its labels."""


@dataclass(frozen=True)
class Shown:
    """A leaderboard line with its runs."""

    line: Line
    runs: tuple[Run, ...]

    @property
    def label_names(self) -> tuple[str, ...]:
        """In the order of the probabilities' columns."""
        return tuple(self.runs[0].row.data.label_names)

    @property
    def predicted(self) -> tuple[Run, ...]:
        """The runs with stored predictions of the same texts in the same order as the first of them."""
        stored = [run for run in self.runs if len(run.ids)]
        return tuple(run for run in stored if np.array_equal(run.ids, stored[0].ids))


class Predictions:
    """What a store holds of the runs of one leaderboard."""

    def __init__(self, store: Store, rows: Iterable[Row]) -> None:
        self._store = store
        self.descent = Descent(rows)
        self._read: dict[str, Run] = {}

    def runs(self, line: Line) -> tuple[Run, ...]:
        """The scored runs of a line."""
        return tuple(self._run(row) for row in line.runs if row.label_scores)

    def outcomes(self, line: Line, part: Part) -> list[Outcome]:
        """What the runs of a line predict, of those that have it stored."""
        if part == "test":
            stored = [(r, r.labels, r.probabilities, r.ids) for r in self.runs(line) if len(r.ids)]
        else:
            runs = [run for run in self.runs(line) if len(run.validation_labels)]
            stored = [(r, r.validation_labels, r.validation_probabilities, r.validation_labels) for r in runs]
        return [
            Outcome(
                run.run_id,
                run.seed,
                labels,
                predicted_labels(some, run.row.thresholds),
                some.shape[1],
                hash((ids.tobytes(), labels.tobytes())),
            )
            for run, labels, some, ids in stored
        ]

    def _run(self, row: Row) -> Run:
        if row.run_id not in self._read:
            arrays = self._store.arrays(row.run_id, "predictions")
            labels = arrays.get("labels", np.empty(0, np.int64))
            empty = np.empty((0, len(row.data.label_names)), np.float32)
            probabilities = arrays.get("probabilities", empty)
            ids = arrays.get("ids", np.empty(0, "U1"))
            whole = len(ids) == len(labels) and probabilities.shape == (len(ids), len(row.data.label_names))
            validation = arrays.get("validation_labels", labels[:0]), arrays.get("validation_probabilities", empty)
            self._read[row.run_id] = Run(row, ids if whole else ids[:0], labels, probabilities, *validation)
        return self._read[row.run_id]


def best_of_each_recipe(board: Board, predictions: Predictions) -> list[Shown]:
    """The most accurate line of each recipe, best first: what the figures of a leaderboard are drawn from."""
    best: dict[tuple[str, str], Line] = {}
    for line in board.ok_lines:
        best.setdefault((line.track, line.recipe), line)
    candidates = [Shown(line, predictions.runs(line)) for line in list(best.values())[:MAX_SHOWN]]
    return [shown for shown in candidates if shown.runs]


def paired_runs(pairs: Sequence[tuple[Run, Run]]) -> list[tuple[Run, Run]]:
    """Those pairs of which predictions of the same texts are stored."""
    return [(a, b) for a, b in pairs if len(a.ids) and np.array_equal(a.ids, b.ids)]
