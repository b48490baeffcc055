"""The rows of the user's files: what is wrong with them is told together, each with the option that goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data.duplicates import with_marks
from bench.data.label_sets import label_counts, of_groups
from bench.data.labels import in_order, joined_by, merged, parts_of, shown, spellings
from bench.data.manifest import MULTI_LABEL_NOTE, ORDER_NOTE, SKEWED_NOTE
from bench.data.reading import NO_COLUMN, Reading
from bench.data.rows import Published, is_number, label_text
from bench.errors import DataError, did_you_mean

SPLIT_WORDS = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
    "dev": "validation", "development": "validation", "test": "test", "testing": "test",
}  # fmt: skip
"""What files call their splits, in lower case."""
SKEWED = 0.8
"""The share of one label from which accuracy does not decide between models."""
_LISTED = 5
"""Rows that an error lists."""
_GROUPS = 8
"""Labels of several spellings that an error lists."""


@dataclass(frozen=True)
class Finished:
    """The splits, labels in their order, and what was done to the rows as was asked."""

    label_names: tuple[str, ...]
    splits: dict[str, Published]
    notes: tuple[str, ...]


@dataclass
class UserRows:
    """Rows as they are written, file after file."""

    reading: Reading
    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """One a text; where it may have several, those of all texts, one text after another."""
    owners: list[int] = field(default_factory=list)
    """Of each of `labels` the text, where a text may have several."""
    splits: list[str] = field(default_factory=list)
    """`all` where no file and no column tells it."""
    positions: list[int] = field(default_factory=list)
    """Rows of the file and split, from 0, those without a text counted too."""

    def __post_init__(self) -> None:
        self._missing: dict[str, list[str]] = {"text": [], "label": [], "split": []}
        """Where rows lack something."""
        self._where, self._split, self._told, self._row = "", "all", False, 0
        self._seen: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        """Words in the split column that are none."""
        self._listed: bool | None = None
        """Whether the column holds lists of labels; None as long as no row has any."""
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._declared: list[str] = []
        """Labels that `order` names."""

    def begin(self, where: str, split: str | None, told: bool) -> None:
        """The next rows are of that file; `split` is theirs, else each row's where it is `told`."""
        self._where, self._split, self._told, self._row = where, split or "all", told, 0

    def add(self, text: Any, label: Any, split: Any) -> None:
        """A row as its file has it; a text or label of a type that neither can be is an error at once."""
        self._row += 1
        missing = "" if not self._told else self._check_split(split)
        name = self._split if not self._told else split_of(split)
        position = self._seen[name]
        self._seen[name] += 1
        written = self._written(label)
        if not isinstance(text, str) and text is not None and text == text:
            raise DataError(
                f"{self._place}: column '{self.reading.text_column}' holds a {type(text).__name__}, not text; "
                "choose with --text-column"
            )
        if not isinstance(text, str) or not text or text.isspace():
            missing = "text"
        elif written is None:
            missing = "label"
        if missing or written is None:
            self._missing[missing].append(self._place)
            return
        self.texts.append(text)
        self.labels += written
        if self._several:
            self.owners += [len(self.texts) - 1] * len(written)
        self.splits.append(name)
        self.positions.append(position)

    def _written(self, label: Any) -> list[str] | None:
        """The labels of a row, None where it lacks them; an empty cell among cells of several is a text of none."""
        separator, column = self.reading.label_separator, self.reading.label_column
        empty = label is None or label != label
        if self._listed is None and not empty:
            self._listed = isinstance(label, list)
        if isinstance(label, list) != bool(self._listed) and not empty:
            raise DataError(f"{self._place}: column '{column}' holds lists in some rows and none in others")
        if isinstance(label, list):
            parts = [label_text(one, self._place, column).strip() for one in label]
            return [part for part in parts if part]
        written = label if isinstance(label, str) else label_text(label, self._place, column)
        if separator is not None and not self._listed:
            return parts_of(written, separator)
        return [written] if written and not written.isspace() else None

    @property
    def _several(self) -> bool:
        """Whether a text may have several labels."""
        return bool(self._listed) or self.reading.label_separator is not None

    @property
    def _place(self) -> str:
        return f"{self._where} row {self._row}"

    def _check_split(self, split: Any) -> str:
        word = _plain(split)
        if word and word not in SPLIT_WORDS:
            self._unknown[str(split)] += 1
        return "" if word else "split"

    def finish(self, where: str) -> Finished:
        """The rows as splits; all that is wrong is one error."""
        if not self._seen:
            raise DataError(f"{where}: no rows; give a file with texts and labels")
        self._check_words(where)
        self._tell_missing()
        labels = self._spelt()
        names = self._in_order(set(labels))
        codes = {name: i for i, name in enumerate(names)}
        numbers = np.array([codes[label] for label in labels], np.int64)
        if self._several:
            numbers = self._indicator(numbers, len(names))
        splits = {split: self._published(split, numbers) for split in dict.fromkeys(self.splits)}
        counts = _distinct(splits, len(names))
        self._tell_rare(dict(zip(names, counts.tolist(), strict=True)), splits)
        if self._problems:
            raise DataError(f"{where}: " + "; ".join(self._problems))
        finished = self._kept(counts >= self.reading.min_count, names, splits)
        self._check(where, finished)
        ordered = self._order_notes(finished.label_names, where)
        usual = _sets_note(finished) if self._several else _skewed(finished)
        return replace(finished, notes=(*finished.notes, *ordered, *usual))

    def _indicator(self, numbers: npt.NDArray[np.int64], n_labels: int) -> npt.NDArray[np.int64]:
        """0 or 1 of each text and label, int64 [texts, n_labels]."""
        found = np.zeros((len(self.texts), n_labels), np.int64)
        found[np.array(self.owners, np.int64), numbers] = 1
        return found

    def _check_words(self, where: str) -> None:
        """A word that names no split is an error, one of numbers an explained one; so is a split that is not there."""
        column, ignore = self.reading.split_column, f"or --split-column {NO_COLUMN} ignores it"
        if not self._unknown:
            for name in ("train", "test") if self.splits and "all" not in self.splits else ():
                if name not in self.splits:
                    raise DataError(f"{where}: no row has '{name}' in column '{column}'; add some, {ignore}")
            return
        if all(is_number(word) for word in self._unknown):
            raise DataError(
                f"{where}: column '{column}' holds numbers, {', '.join(sorted(self._unknown)[:6])}: folds, it seems, "
                f"where train, validation and test are needed; write these words, {ignore}"
            )
        word = next(iter(self._unknown))
        near = did_you_mean(_plain(word), SPLIT_WORDS)
        raise DataError(f"{where}: '{word}' in column '{column}': {near} (correct it, {ignore})")

    def _tell_missing(self) -> None:
        lacking = {what: places for what, places in self._missing.items() if places}
        if lacking and self.reading.drop_missing:
            counts = ", ".join(f"{len(places):,} without a {what}" for what, places in lacking.items())
            self._notes.append(f"rows left out: {counts}")
            return
        reading = self.reading
        column = {"text": reading.text_column, "label": reading.label_column, "split": reading.split_column}
        for what, places in lacking.items():
            listed = ", ".join(
                place if i == 0 else place.rpartition(" ")[2] for i, place in enumerate(places[:_LISTED])
            )
            more = f" and {len(places) - _LISTED:,} more" if len(places) > _LISTED else ""
            self._problems.append(f"{listed}{more}: no {what} in column '{column[what]}'")
        if lacking:
            self._problems[-1] += " (fill it in, or --drop-missing leaves such rows out)"

    def _spelt(self) -> Sequence[str]:
        """The labels, several spellings of one made one; an error where that was not asked."""
        groups = spellings(self.labels)
        if not groups:
            return self.labels
        common = merged(groups)
        if self.reading.merge_labels:
            kinds = ", ".join(sorted(set(common.values())))
            self._notes.append(f"{len(common)} spellings of labels merged: {kinds[:200]}")
        else:
            listed = "; ".join(shown(dict(group.most_common()), 6) for group in groups[:_GROUPS])
            more = f" and {len(groups) - _GROUPS:,} more such" if len(groups) > _GROUPS else ""
            self._problems.append(
                f"labels that differ by case, blanks or '.0' alone: {listed}{more} "
                "(correct them, or --merge-labels makes them one)"
            )
        return [common.get(label, label) for label in self.labels]

    def _in_order(self, labels: set[str]) -> tuple[str, ...]:
        """As was declared, what is not named last; else by name."""
        if self.reading.order is not None and self._several:
            self._problems.append("--order is for texts of one label, and here a text may have several; leave it out")
        elif self.reading.order is not None:
            try:
                self._declared = in_order(labels, self.reading.order)
            except DataError as error:
                self._problems.append(str(error))
        return (*self._declared, *sorted(labels - set(self._declared)))

    def _order_notes(self, names: Sequence[str], where: str) -> list[str]:
        """The note on labels that are steps of one scale; an error where a label that stays was not named."""
        if self.reading.order is None:
            return []
        if left := [name for name in names if name not in self._declared]:
            more = ", ".join(f"'{name[:40]}'" for name in left[:_GROUPS])
            raise DataError(f"{where}: --order {self.reading.order} lacks {more}; name every label, the lowest first")
        return [ORDER_NOTE + " < ".join(names)]

    def _published(self, split: str, numbers: npt.NDArray[np.int64]) -> Published:
        at = [i for i, name in enumerate(self.splits) if name == split]
        rows = np.array([self.positions[i] for i in at], np.int64)
        return Published([self.texts[i] for i in at], numbers[at], rows, form=with_marks)

    def _tell_rare(self, distinct: dict[str, int], splits: dict[str, Published]) -> None:
        """Labels with too few texts to be in every split, and those that train lacks."""
        whole, least = "all" in splits, self.reading.min_count
        needed = 3 if whole else 1 if "validation" in splits else 2
        rare = {name: n for name, n in sorted(distinct.items(), key=lambda item: item[1]) if least <= n < needed}
        absent = {name: self.labels.count(name) for name, n in rare.items() if n == 0}
        few = {name: n for name, n in rare.items() if n}
        if absent:
            self._problems.append(f"train lacks labels that other splits have: {shown(absent)}")
        if few:
            where = "" if whole else " in train"
            self._problems.append(f"labels with fewer than {needed} distinct texts{where}: {shown(few)}")
        if rare:
            self._problems[-1] += f" (add some, or --min-count {needed if few else 1} leaves such labels out)"
        mark = None if self._several else joined_by(set(self.labels))
        if mark and rare:
            self._problems.append(f"labels look like several with '{mark}' between them: --label-separator '{mark}'")
        elif mark:
            self._notes.append(f"labels with '{mark}' are taken as they are; --label-separator '{mark}' parts them")

    def _kept(self, kept: npt.NDArray[np.bool_], names: Sequence[str], splits: dict[str, Published]) -> Finished:
        """The labels that stay, numbered anew, and their rows."""
        number = np.cumsum(kept) - 1
        left = {split: rows.take(_stay(rows.labels, kept)) for split, rows in splits.items()}
        out = sum(len(splits[split].texts) - len(rows.texts) for split, rows in left.items())
        if out:
            few = f"{int((~kept).sum())} label(s) with fewer than {self.reading.min_count} distinct texts"
            self._notes.append(f"rows left out: {out:,} of {few}")
        for split, rows in left.items():
            rows.labels = number[rows.labels] if rows.labels.ndim == 1 else rows.labels[:, kept]
            rows.left_out = len(splits[split].texts) - len(rows.texts)
        return Finished(tuple(name for name, stays in zip(names, kept, strict=True) if stays), left, tuple(self._notes))

    def _check(self, where: str, found: Finished) -> None:
        """What no option mends."""
        if not any(rows.texts for rows in found.splits.values()):
            raise DataError(f"{where}: no row with a text and a label is left")
        if len(found.label_names) < 2:
            raise DataError(
                f"{where}: column '{self.reading.label_column}' holds one label only, '{found.label_names[0]}'; "
                "two are needed"
            )
        if all(is_number(text) for rows in found.splits.values() for text in rows.texts):
            raise DataError(
                f"{where}: column '{self.reading.text_column}' holds only numbers; choose with --text-column"
            )


def split_of(written: Any) -> str:
    """The split that a word stands for, empty for none."""
    return SPLIT_WORDS.get(_plain(written), "")


def _plain(split: Any) -> str:
    return "" if split is None or split != split else str(split).strip().casefold()


def _skewed(found: Finished) -> list[str]:
    """The note on a file of which most rows have one label: who always answers it looks good."""
    counts = sum(label_counts(rows.labels, len(found.label_names)) for rows in found.splits.values())
    share = float(np.max(counts) / np.sum(counts))
    if share < SKEWED:
        return []
    name = found.label_names[int(np.argmax(counts))]
    return [f"{100 * share:.0f} % of the texts have the label '{name[:40]}': {SKEWED_NOTE}"]


def _stay(labels: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The rows that stay with the labels that do: all but those whose every label goes."""
    if labels.ndim == 1:
        return np.asarray(kept[labels])
    return np.asarray(labels[:, kept].any(axis=1) | ~labels.any(axis=1))


def _sets_note(found: Finished) -> list[str]:
    """The note on a file of texts with any number of labels, and how many each has."""
    sizes = np.concatenate([rows.labels.sum(axis=1) for rows in found.splits.values()])
    none = int((sizes == 0).sum())
    return [f"{MULTI_LABEL_NOTE}{sizes.mean():.2f} on average, {none:,} of {len(sizes):,} texts none; {SKEWED_NOTE}"]


def _distinct(splits: dict[str, Published], labels: int) -> npt.NDArray[np.int64]:
    """Distinct texts of each label in what is learnt from; a text that rows give several counts for the first."""
    learnt = splits.get("all", splits.get("train"))
    if learnt is None:
        return np.full(labels, np.iinfo(np.int64).max)
    _, inverse = np.unique(learnt.hashes, return_inverse=True)
    if learnt.labels.ndim == 2:
        return label_counts(of_groups(learnt.labels, inverse), labels)
    first = np.full(int(inverse.max(initial=-1)) + 1, labels)
    np.minimum.at(first, inverse, learnt.labels)
    return np.bincount(first, minlength=labels).astype(np.int64)
