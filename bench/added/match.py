"""Whose predictions they are: the rows of a file held against those of a data set, by ids or by texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.added.table import Told
from bench.contract import Probabilities
from bench.errors import DataError, one_line

_LISTED = 3


@dataclass(frozen=True)
class Rows:
    """The rows of a split in their order."""

    split: str
    ids: Sequence[str]
    texts: Sequence[str]


class Matched:
    """The rows of a file by what tells whose they are: the data set's ids where they are those, else the texts."""

    def __init__(self, told: Told, splits: Sequence[Rows], where: str) -> None:
        self.told, self.where = told, where
        known = {row_id for rows in splits for row_id in rows.ids}
        self.by_id = told.ids is not None and any(row_id in known for row_id in told.ids)
        if not self.by_id and told.texts is None:
            raise DataError(
                f"{where}: none of its ids is one of the data set's ({splits[0].ids[0]}, …): give these, or the texts"
            )
        keys = told.ids if self.by_id and told.ids is not None else [_plain(text) for text in told.texts or []]
        self.at: dict[str, int] = {}
        for row, key in enumerate(keys):
            first = self.at.setdefault(key, row)
            if not np.array_equal(told.probabilities[first], told.probabilities[row]):
                raise DataError(
                    f"{where} row {row + 1}: '{one_line(key, 60)}' is predicted otherwise in row {first + 1}"
                )

    def has_all(self, rows: Rows) -> bool:
        """Whether every row of a split is predicted."""
        return all(key in self.at for key in self._keys(rows))

    def of(self, rows: Rows) -> Probabilities:
        """Of every row of a split, float32 [n_rows, n_labels]; one that lacks a prediction is a `DataError`."""
        found = [self.at.get(key) for key in self._keys(rows)]
        missing = [row_id for row_id, at in zip(rows.ids, found, strict=True) if at is None]
        if missing:
            listed = ", ".join(missing[:_LISTED]) + (", …" if len(missing) > _LISTED else "")
            raise DataError(
                f"{self.where}: no prediction for {len(missing):,} of {len(rows.ids):,} rows of {rows.split} "
                f"({listed}), by {'ids' if self.by_id else 'texts'}: are they of another data set, or of other splits?"
            )
        at = [i for i in found if i is not None]
        self._check_texts(rows, at)
        return self.told.probabilities[at]

    def _keys(self, rows: Rows) -> Sequence[str]:
        return rows.ids if self.by_id else [_plain(text) for text in rows.texts]

    def _check_texts(self, rows: Rows, at: Sequence[int]) -> None:
        """The texts beside ids must be the data set's."""
        texts = self.told.texts
        if texts is None or not self.by_id:
            return
        other = [i for i, row in enumerate(at) if _plain(texts[row]) != _plain(rows.texts[i])]
        if other:
            raise DataError(
                f"{self.where}: {len(other):,} of {len(rows.ids):,} rows of {rows.split} have another text than "
                f"the data set's, {rows.ids[other[0]]} first: they are of other data"
            )


def _plain(text: str) -> str:
    """Blanks and line breaks differ between files of the same texts."""
    return " ".join(text.split())
