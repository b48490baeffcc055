"""What there is to learn from, read again for each update: data set, feedback, posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.api import BenchError, Card, Split
from bench.data import DatasetRef, Prepared, Reading, prepare, stored_ref
from bench.data.reading import AS_FOUND
from bench.store import Store
from serving.learn.emoticons import Noise, measure
from serving.learn.feedback import FILE
from serving.learn.ledger import Ledger
from serving.learn.rows import Columns, Row, labelled_rows, weak_rows
from serving.learn.training_set import NewRows, sort_out
from serving.slot import Slot

MAX_ROWS = 5_000
"""New rows of one update; the next one takes the rest."""


@dataclass(frozen=True)
class Plan:
    """What updates learn from, how, and what they are judged by."""

    feedback: tuple[Path, ...]
    """Files, and folders of servers, which may be without feedback yet."""
    weak: Path | None = None
    validation: Path | None = None
    """None: the validation split of the data set."""
    dataset: DatasetRef | None = None
    """None: the one that the artifact's card names."""
    data_dir: Path | None = None
    recipe: str = "lora[r=4,alpha=32,lora_dropout=0.01,epochs=3]"
    replay: float = 0.8
    min_rows: int = 32
    """New ones that an update waits for."""
    margin: float = 0.005
    columns: Reading = AS_FOUND
    """What was chosen of how feedback is read."""

    def files(self) -> list[Path]:
        """The files with labelled rows."""
        files = [path / FILE if path.is_dir() else path for path in self.feedback]
        return [path for path in files if path.name != FILE or path.exists()]


@dataclass(frozen=True)
class Gathered:
    """What there is to learn."""

    data: Prepared
    new: NewRows
    earlier: list[Row]
    """Rows that the served version has learnt from already."""
    validation: Split
    """What the candidate is judged by."""
    noise: dict[str, Noise] = field(default_factory=dict)
    used_before: int = 0
    """Labelled rows that an earlier update has used."""

    @property
    def passed_over(self) -> str:
        """Why there are not more new rows, to be put behind their number; empty where none was passed over."""
        reasons = []
        if self.new.left_out:
            reasons.append(f"{len(self.new.left_out)} left out, as their texts stand in validation or test")
        if self.used_before:
            reasons.append(f"{self.used_before} used by earlier updates")
        return f" ({'; '.join(reasons)})" if reasons else ""


def gather(slot: Slot, ledger: Ledger, store: Store, plan: Plan, served: str) -> Gathered:
    """Read data set, feedback and posts; raises `BenchError` where labels do not fit."""
    card = slot.card(served)
    labels = tuple(card["label_names"])
    data = prepare(plan.dataset or _of_card(card, store, plan.data_dir), store.prepared)
    if data.label_names != labels:
        raise BenchError(
            f"data set {data.name} has the labels {', '.join(data.label_names)}; the model has {', '.join(labels)}: "
            "give its own with --dataset"
        )
    columns = Columns(plan.columns, card.get("reading"))
    validation = data.validation()
    if plan.validation is not None:
        validation = _split(labelled_rows([plan.validation], labels, columns), labels)
    used = ledger.used()
    rows = labelled_rows(plan.files(), labels, columns)
    new = [row for row in rows if row.key not in used][:MAX_ROWS]
    noise, weak = {}, []
    if plan.weak is not None:
        noise = measure(data.train())
        weak = weak_rows(plan.weak, noise, labels, used, MAX_ROWS - len(new), columns)
    evaluated = [*validation.texts, *data.validation().texts, *data.test_texts()[1]]
    learnt = ledger.learnt(served)
    earlier = sort_out([row for row in rows if row.key in learnt], [], evaluated)
    before = [*earlier.training, *earlier.held_out]
    used_before = sum(row.key in used for row in rows)
    return Gathered(data, sort_out(new, weak, evaluated), before, validation, noise, used_before)


def _of_card(card: Card, store: Store, data_dir: Path | None) -> DatasetRef:
    """The data set that a model was trained on; a user's file is found in the store by what it holds."""
    return stored_ref(card["dataset"], card.get("train_hash"), card.get("test_hash"), store.prepared, data_dir)


def _split(rows: list[Row], labels: tuple[str, ...]) -> Split:
    if not rows:
        raise BenchError("--validation holds no row with a text")
    ids = [row.key for row in rows]
    return Split(ids, [row.text for row in rows], np.array([row.label for row in rows], np.int64), labels)
