"""What the figures of a leaderboard are drawn from: the best variant of each recipe, with its stored predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.report.leaderboard import Board, Line
from bench.schema import Quality, Result
from bench.store import Store

MOST_SHOWN = 10
"""Recipes drawn in the figures of one data set; the table has them all."""


@dataclass(frozen=True)
class Run:
    """One seed of a shown line."""

    result: Result
    ids: npt.NDArray[Any]
    """Unicode [n]; empty where no predictions are stored, as the two below."""
    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    """[n, k]"""

    @property
    def seed(self) -> int:
        """Its seed."""
        return self.result.identity.seed

    @property
    def quality(self) -> Quality:
        """Its scores."""
        assert self.result.quality is not None  # only scored runs are evidence
        return self.result.quality


@dataclass(frozen=True)
class Shown:
    """A leaderboard line with its runs."""

    line: Line
    runs: tuple[Run, ...]

    @property
    def label_names(self) -> list[str]:
        """In the order of the probabilities' columns."""
        return self.runs[0].result.data.label_names

    @property
    def predicted(self) -> tuple[Run, ...]:
        """The runs with stored predictions of the same texts in the same order as the first of them."""
        some = [run for run in self.runs if len(run.ids)]
        return tuple(run for run in some if np.array_equal(run.ids, some[0].ids))


def evidence(board: Board, store: Store) -> list[Shown]:
    """The most accurate line of each recipe, best first, with the runs that can still be read."""
    best: dict[tuple[str, str], Line] = {}
    for line in board.ok_lines:
        best.setdefault((line.track, line.recipe), line)
    found = [Shown(line, runs_of(line, store)) for line in list(best.values())[:MOST_SHOWN]]
    return [shown for shown in found if shown.runs]


def runs_of(line: Line, store: Store) -> tuple[Run, ...]:
    """The scored runs of a line that can still be read."""
    runs = []
    for run_id in line.run_ids:
        result = store.find(run_id)
        if result is None or result.quality is None:
            continue
        arrays = store.arrays(run_id, "predictions")
        labels = arrays.get("labels", np.empty(0, np.int64))
        probabilities = arrays.get("probabilities", np.empty((0, len(result.data.label_names)), np.float32))
        ids = arrays.get("ids", np.empty(0, "U1"))
        whole = len(ids) == len(labels) and probabilities.shape == (len(ids), len(result.data.label_names))
        runs.append(Run(result, ids if whole else ids[:0], labels, probabilities))
    return tuple(runs)
