"""Predictions of texts that may have several labels: a cell of labels, or a probability of each by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.added.table import Columns, OneLabel, numbers
from bench.contract import Probabilities
from bench.data.labels import parts_of
from bench.data.tables import Table


class SeveralLabels(OneLabel):
    """Reads a file of any number of labels a text: a list, or a cell of them as the data set writes it."""

    usual = ("labels", *OneLabel.usual)

    def __init__(
        self, table: Table, where: str, columns: Columns, label_names: Sequence[str], separator: str | None
    ) -> None:
        """`separator` stands between the labels of a cell; None for a comma."""
        self.separator = separator or ","
        super().__init__(table, where, columns, label_names)

    def found_grades(self, columns: Columns) -> list[int]:
        """A column of labels that is named counts before probabilities: these would need thresholds."""
        return [] if columns.label is not None else super().found_grades(columns)

    def answers(self, labels: Sequence[Any], grades: Sequence[Sequence[Any]]) -> Probabilities:
        """Probabilities, where there are some; else 1 for each label that is told."""
        if self.grades:
            values = numbers(grades)
            bad = ~np.isfinite(values).all(axis=1) | (values < 0).any(axis=1) | (values > 1).any(axis=1)
            self.problem(bad, "a probability of 0 to 1 of each label is needed")
            return np.asarray(values, np.float32)
        found = np.zeros((len(labels), len(self.names)), np.float32)
        for row, cell in enumerate(labels):
            codes = [self.code(label) for label in self._parts(cell)]
            found[row, [code for code in codes if code >= 0]] = 1
        self.tell_unknown()
        return found

    def _parts(self, cell: Any) -> Sequence[Any]:
        """The labels of a cell; none of an empty one."""
        if cell is None or cell != cell:
            return []
        if not isinstance(cell, str):
            return cell if isinstance(cell, list) else [cell]
        try:
            listed = json.loads(cell)
        except ValueError:
            listed = None
        return listed if isinstance(listed, list) else parts_of(cell, self.separator)
