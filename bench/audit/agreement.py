"""Do those who labelled agree? Columns of a user's file that hold labels beside the one that is used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.data.columns import find_columns
from bench.data.labels import known_label
from bench.data.reading import Reading
from bench.data.rows import label_text
from bench.data.tables import Table, open_table

Codes = npt.NDArray[np.int64]
"""[n_rows, n_annotators], −1 where one has not answered."""
LEAST = 2


class Agreement(BaseModel):
    """What several annotators have in common; 0 is chance, 1 the same everywhere."""

    model_config = ConfigDict(extra="forbid")

    annotators: list[str] = Field(description="Their columns.")
    rows: int = Field(description="That two or more have labelled.")
    cohen: float | None = Field(description="Cohen's kappa, the mean over pairs.")
    fleiss: float | None = Field(description="Fleiss' kappa, of the rows that all have labelled; null for none.")
    krippendorff: float | None = Field(description="Krippendorff's alpha for nominal labels, gaps allowed.")

    @property
    def line(self) -> str:
        """In one line."""
        named = (("Krippendorff's α", self.krippendorff), ("Fleiss' κ", self.fleiss), ("Cohen's κ", self.cohen))
        values = ", ".join(f"{name} {value:.2f}" for name, value in named if value is not None)
        return f"{len(self.annotators)} annotators ({', '.join(self.annotators)}) on {self.rows:,} rows: {values}"


def annotators(path: Path, reading: Reading, label_names: Sequence[str]) -> Agreement | None:
    """Of the columns that hold nothing but labels, the one that is used left out; None for fewer than two."""
    if path.is_dir():
        return None
    with open_table(path, reading) as table:
        used = {
            *(find_columns(table.names, reading.label_column) or []),
            *(find_columns(table.names, reading.text_column) or []),
        }
        others = [i for i in range(len(table.names)) if i not in used]
        codes = _codes(table, others, label_names)
    kept = [i for i, column in enumerate(codes.T) if (column >= -1).all() and (column >= 0).any()] if others else []
    if len(kept) < LEAST:
        return None
    return agreement(codes[:, kept], [table.names[others[i]] for i in kept], len(label_names))


def _codes(table: Table, columns: Sequence[int], label_names: Sequence[str]) -> Codes:
    """Labels as numbers, −1 for none, −2 for what is no label."""
    numbers: dict[Any, int] = {}

    def code(value: Any) -> int:
        if isinstance(value, list | dict):
            return -2
        if value not in numbers:
            text = value if isinstance(value, str) else label_text(value, "", "")
            known = known_label(text, label_names) if text.strip() else None
            numbers[value] = -1 if not text.strip() else -2 if known is None else list(label_names).index(known)
        return numbers[value]

    rows = [[code(value) for value in row] for row in table.pick(columns)] if columns else []
    return np.array(rows, np.int64).reshape(len(rows), len(columns))


def agreement(codes: Codes, names: Sequence[str], labels: int) -> Agreement:
    """Of annotators in columns."""
    counts = np.stack([(codes == label).sum(axis=1) for label in range(labels)], axis=1).astype(np.float64)
    counts = counts[counts.sum(axis=1) >= LEAST]
    whole = counts[counts.sum(axis=1) == codes.shape[1]]
    return Agreement(
        annotators=list(names), rows=len(counts), cohen=_cohen(codes),
        fleiss=_fleiss(whole), krippendorff=_krippendorff(counts),
    )  # fmt: skip


def _cohen(codes: Codes) -> float | None:
    """Cohen, 1960."""
    from sklearn.metrics import cohen_kappa_score

    found = []
    for first, second in combinations(codes.T, 2):
        both = (first >= 0) & (second >= 0)
        if both.any():
            found.append(1.0 if (first[both] == second[both]).all() else cohen_kappa_score(first[both], second[both]))
    return float(np.mean(found)) if found else None


def _fleiss(counts: npt.NDArray[np.float64]) -> float | None:
    """Fleiss, 1971; counts [rows, labels], as many answers in each row."""
    if not len(counts):
        return None
    n = counts[0].sum()
    observed = ((counts**2).sum(axis=1) - n) / (n * (n - 1))
    return _beyond_chance(float(observed.mean()), float(((counts.sum(axis=0) / counts.sum()) ** 2).sum()))


def _krippendorff(counts: npt.NDArray[np.float64]) -> float | None:
    """Krippendorff, 1970, nominal; counts [rows, labels], two answers or more in each row."""
    if not len(counts):
        return None
    answers = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1) / (answers - 1)
    of_label, n = counts.sum(axis=0), answers.sum()
    return _beyond_chance(float(same.sum() / n), float((of_label * (of_label - 1)).sum() / (n * (n - 1))))


def _beyond_chance(observed: float, chance: float) -> float | None:
    return None if chance >= 1 else (observed - chance) / (1 - chance)
