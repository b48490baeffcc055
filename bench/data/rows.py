"""Rows as read become splits as published: every row checked, labels numbered."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.data.duplicates import Hashes, hash_texts, normalized
from bench.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from bench.data.readers.base import Row


@dataclass
class Published:
    """One split as published: `texts[i]` has `labels[i]` and stands in row `rows[i]` of the file, from 0."""

    texts: list[str]
    labels: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    left_out: int = 0
    """Rows with a label that the manifest leaves out."""
    groups: Hashes | None = None
    """Of each text the hash of the group that stays in one split; None where every text is its own."""

    form: Callable[[str], str] = normalized
    """Which texts count as the same."""

    @cached_property
    def hashes(self) -> Hashes:
        """The hash of each text, normalized: equal ones count as the same text."""
        return hash_texts(self.texts, self.form)

    def take(self, keep: npt.NDArray[Any]) -> Published:
        """The rows at these positions, or where this mask is true, in order."""
        positions = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        texts = [self.texts[i] for i in positions]
        groups = None if self.groups is None else self.groups[positions]
        taken = Published(texts, self.labels[positions], self.rows[positions], self.left_out, groups, self.form)
        if "hashes" in self.__dict__:
            taken.hashes = self.hashes[positions]
        return taken


@dataclass
class _Growing:
    texts: list[str] = field(default_factory=list)
    codes: array[int] = field(default_factory=lambda: array("q"))
    rows: array[int] = field(default_factory=lambda: array("q"))
    groups: list[str] = field(default_factory=list)
    """Empty where rows have none."""
    seen: int = 0
    has_text: bool = False
    """Whether any text is more than a number."""


class Collector:
    """Checks rows and gathers them by split. `files` names the source of each split, for errors."""

    def __init__(self, files: Mapping[str, str], text_column: str = "text", label_column: str = "label") -> None:
        self._files = files
        self._text_column, self._label_column = text_column, label_column
        self._codes: dict[str, int] = {}
        self._splits: dict[str, _Growing] = {}

    def add_all(self, rows: Iterable[Row], labels: Mapping[str, str | None] | None = None) -> None:
        """Take every row. `labels` maps each label as written to its name, or None to leave the row out."""
        for split, text, label, *group in rows:
            growing = self._splits.setdefault(split, _Growing())
            position, growing.seen = growing.seen, growing.seen + 1
            label = (
                label if isinstance(label, str) else label_text(label, self._where(split, position), self._label_column)
            )
            if label not in self._codes:
                self._check_label(label, labels, split, position)
                self._codes[label] = len(self._codes)
            if labels is not None and labels.get(label, label) is None:
                continue
            if not isinstance(text, str) or not text or text.isspace():
                raise self._bad_text(text, split, position)
            growing.has_text = growing.has_text or not is_number(text)
            growing.texts.append(text)
            growing.codes.append(self._codes[label])
            growing.rows.append(position)
            growing.groups += group

    def finish(self, label_names: Sequence[str], labels: Mapping[str, str | None]) -> dict[str, Published]:
        """The splits, labels numbered by their place in `label_names`."""
        number = {name: i for i, name in enumerate(label_names)}
        written = [labels.get(label, label) for label in self._codes]
        lookup = np.array([number[name] if name is not None else -1 for name in written], dtype=np.int64)
        splits = {}
        for split, growing in self._splits.items():
            if growing.texts and not growing.has_text:
                raise DataError(
                    f"{self._where(split)}: column '{self._text_column}' holds only numbers; choose with --text-column"
                )
            codes = np.array(growing.codes, dtype=np.int64)
            rows = np.array(growing.rows, dtype=np.int64)
            groups = hash_texts(growing.groups) if growing.groups else None
            splits[split] = Published(growing.texts, lookup[codes], rows, growing.seen - len(rows), groups)
        return splits

    @property
    def labels(self) -> list[str]:
        """The labels as written, in the order met."""
        return list(self._codes)

    def _where(self, split: str, position: int | None = None) -> str:
        where = self._files.get(split) or next(iter(self._files.values()))
        return where if position is None else f"{where} row {position + 1}"

    def _check_label(self, label: str, labels: Mapping[str, str | None] | None, split: str, position: int) -> None:
        where = self._where(split, position)
        if not label or label.isspace():
            raise DataError(f"{where}: no label in column '{self._label_column}'; fill it in or delete the row")
        if labels is not None and label not in labels:
            raise DataError(f"{where}: unknown label {label[:60]!r}: {did_you_mean(label, labels)}")

    def _bad_text(self, text: Any, split: str, position: int) -> DataError:
        where, column = self._where(split, position), f"column '{self._text_column}'"
        if text is None or text != text or isinstance(text, str):
            return DataError(f"{where}: no text in {column}; fill it in or delete the row")
        return DataError(f"{where}: {column} holds a {type(text).__name__}, not text; choose with --text-column")


def label_text(label: Any, where: str, column: str) -> str:
    """A label that a file has as no string: a number, empty where it is null; anything else is an error."""
    if label is None or (isinstance(label, float) and label != label):
        return ""
    if isinstance(label, float) and label.is_integer():  # what pandas makes of integers beside a gap
        return str(int(label))
    if isinstance(label, (str, bool, int, float)):
        return str(label)
    raise DataError(f"{where}: label of type {type(label).__name__} in column '{column}'; a label is text or a number")


def is_number(text: str) -> bool:
    """Whether a text is a number alone."""
    try:
        float(text)
    except ValueError:
        return False
    return True
