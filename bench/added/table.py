"""A file of predictions: of each row an id or a text, a label, and probabilities where it has them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.contract import Probabilities
from bench.data.columns import columns_at, find_column, find_columns, joined
from bench.data.labels import known_label, shown
from bench.data.reading import Reading
from bench.data.rows import label_text
from bench.data.tables import Table, open_table
from bench.errors import DataError

IDS = ("id",)
LABELS = ("predicted", "prediction", "label")
"""Columns that are looked for in turn where none is named."""
PREFIXES = ("p_", "prob_", "probability_", "")
"""What stands before a label in the name of its column of probabilities."""
ROUNDING = 0.02
"""How far the probabilities of a text may be from a sum of 1."""
_LISTED = 5


@dataclass(frozen=True)
class Columns:
    """What the columns are called, None for what is to be found."""

    id: str | None = None
    text: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Told:
    """The rows of a file in order."""

    ids: list[str] | None
    texts: list[str] | None
    """None where there is no such column."""
    probabilities: Probabilities
    """Float32 [n_rows, n_labels]; 1 for the label that is told where the file has no probabilities."""
    graded: bool
    """Whether the file has probabilities."""


def read_predictions(path: Path, columns: Columns, label_names: Sequence[str], kind: Kind) -> Told:
    """Every row of a file, by a reader of that `kind`; what is wrong with its rows is one `DataError` with counts."""
    reading = Reading(text_column=columns.text or columns.id or "text", label_column=columns.label or LABELS[0])
    with open_table(path, reading) as table:
        return kind(table, table.where or str(path), columns, label_names).read()


Kind = Callable[[Table, str, Columns, Sequence[str]], "OneLabel"]
"""What makes a reader of a file whose texts have one label each, or any number."""


class OneLabel:
    """Reads a file of one label a text."""

    usual: tuple[str, ...] = LABELS
    """Columns of labels that are looked for."""

    def __init__(self, table: Table, where: str, columns: Columns, label_names: Sequence[str]) -> None:
        self.table, self.where, self.names = table, where, label_names
        self.id = self._at(columns.id, IDS)
        self.text = self._at(columns.text, ("text",))
        self.label = self._at(columns.label, self.usual)
        self.grades = self.found_grades(columns)
        self.problems: list[str] = []
        self.unknown: Counter[str] = Counter()
        if not self.id and not self.text:
            raise DataError(f"{where}: neither ids nor texts: name a column (columns: {self._columns})")
        if not self.label and not self.grades:
            raise DataError(
                f"{where}: neither a label nor a probability of each: name the column of the labels, or write one "
                f"column each, p_{label_names[0]}, … (columns: {self._columns})"
            )

    @property
    def _columns(self) -> str:
        return ", ".join(self.table.names)[:200]

    def _at(self, named: str | None, usual: Sequence[str]) -> list[int]:
        """Where a column is: one that is named must be there, of those that are usual the first that is."""
        if named is not None:
            return columns_at(self.table.names, named, self.where)
        return next((found for name in usual if (found := find_columns(self.table.names, name))), [])

    def found_grades(self, columns: Columns) -> list[int]:
        """The columns of the probabilities, in label order; some of them alone are an error."""
        for prefix in PREFIXES:
            found = [find_column(self.table.names, prefix + name) for name in self.names]
            if missing := [name for name, at in zip(self.names, found, strict=True) if at is None]:
                if prefix and len(missing) < len(found):
                    raise DataError(f"{self.where}: no column '{prefix}{missing[0]}': give each label's probability")
                continue
            return [at for at in found if at is not None]
        return []

    def read(self) -> Told:
        """All rows."""
        ids: list[Any] = []
        texts: list[Any] = []
        labels: list[Any] = []
        grades: list[Sequence[Any]] = []
        sizes = [len(part) for part in (self.id, self.text, self.label, self.grades)]
        ends = np.cumsum(sizes).tolist()
        for row in self.table.pick([*self.id, *self.text, *self.label, *self.grades]):
            ids.append(joined(row[: ends[0]]) if self.id else None)
            texts.append(joined(row[ends[0] : ends[1]]) if self.text else None)
            labels.append(row[ends[1]] if self.label else None)
            grades.append(row[ends[2] :])
        if not ids:
            raise DataError(f"{self.where}: no rows; give a file with predictions")
        found = self.answers(labels, grades)
        if self.problems:
            raise DataError(f"{self.where}: " + "; ".join(self.problems))
        return Told(
            ids=[str(value) for value in ids] if self.id else None,
            texts=["" if text is None else str(text) for text in texts] if self.text else None,
            probabilities=found,
            graded=bool(self.grades),
        )

    def answers(self, labels: Sequence[Any], grades: Sequence[Sequence[Any]]) -> Probabilities:
        """What the rows say of each label, float32 [n_rows, n_labels]."""
        codes = self._codes(labels) if self.label else None
        return self._probabilities(grades, codes) if self.grades else _certain(codes or [], len(self.names))

    def _codes(self, labels: Sequence[Any]) -> list[int]:
        """The labels as numbers, -1 for what is none; those are a problem, told with counts."""
        codes = [self.code(label) for label in labels]
        self.tell_unknown()
        return codes

    def code(self, label: Any) -> int:
        """The number of a label; -1, and counted among the unknown, for what is none."""
        names = self.table.codes.get(self.table.names[self.label[0]])
        named = names[label] if names and isinstance(label, int) and 0 <= label < len(names) else label
        text = named if isinstance(named, str) else label_text(named, self.where, "label")
        known = known_label(text or "", self.names)
        if known is None:
            self.unknown[text or ""] += 1
        return -1 if known is None else self.names.index(known)

    def tell_unknown(self) -> None:
        """Labels that are none are a problem, told with counts."""
        if self.unknown:
            listed = shown(dict(self.unknown.most_common()))
            self.problems.append(f"labels that the data set lacks: {listed} (it has {', '.join(self.names)})")

    def _probabilities(self, grades: Sequence[Sequence[Any]], codes: Sequence[int] | None) -> Probabilities:
        """Each row to a sum of 1; one that is no probabilities, or whose label is not the likeliest, is a problem."""
        values = numbers(grades)
        sums = values.sum(axis=1)
        bad = ~np.isfinite(sums) | (values < 0).any(axis=1) | (np.abs(sums - 1) > ROUNDING)
        self.problem(bad, "probabilities of 0 to 1 that sum to 1 are needed")
        values[bad] = 1 / values.shape[1]
        if codes is not None:
            at = np.arange(len(values)), np.array(codes)
            contradicts = ~bad & (at[1] >= 0) & (values[at] < values.max(axis=1))
            self.problem(contradicts, "another label has a higher probability than the one that is told")
            values[at] += 1e-6  # of labels that are as likely, the one that is told
        return np.asarray(values / values.sum(axis=1, keepdims=True), np.float32)

    def problem(self, rows: Any, what: str) -> None:
        """What is wrong with these rows, bool [n_rows]."""
        at = (np.flatnonzero(rows) + 1).tolist()
        if at:
            more = f" and {len(at) - _LISTED:,} more" if len(at) > _LISTED else ""
            self.problems.append(f"row {', '.join(map(str, at[:_LISTED]))}{more}: {what}")


def numbers(grades: Sequence[Sequence[Any]]) -> npt.NDArray[np.float64]:
    """The cells of all columns of probabilities, NaN for what is no number."""
    return np.array([[_number(value) for value in row] for row in grades], np.float64)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _certain(codes: Sequence[int], labels: int) -> Probabilities:
    return np.eye(labels, dtype=np.float32)[np.array(codes, np.int64)]
