"""What a slot has learnt: the rows that each update used, and a journal of its decisions. No texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from serving.learn.verdict import PairedAccuracy
from serving.lines import append_line, read_lines
from serving.slot import Slot, origin


@dataclass(frozen=True)
class RowCounts:
    """The rows of an update."""

    labelled: int
    """Trained on, with the label that a person gave."""
    held_out: int
    """Labelled, kept out of the training to see what it gains."""
    weak: int
    """Trained on, with the label of an emoticon."""
    left_out: int
    """Their texts stand in validation or test."""


@dataclass(frozen=True)
class Decision:
    """One update, as a line of `journal.jsonl`."""

    time: str
    """ISO 8601, UTC."""
    verdict: Literal["accepted", "refused"]
    reason: str
    served: str
    """The hash of the version that the candidate came from."""
    candidate: str
    """Its hash."""
    rows: RowCounts
    noise: dict[str, tuple[float, Literal["measured", "published"]]]
    """By polarity: the share of weak labels that are wrong, and where that is from."""
    validation: str
    """Digits of the hash of the validation texts."""
    margin: float
    """Accuracy, 0 to 1, that a candidate might lose."""
    against: list[PairedAccuracy]
    """The served version, and the one that a person chose."""
    on_held_out_feedback: PairedAccuracy | None
    recipe: str
    replay: float
    seconds: float


@dataclass(frozen=True)
class Update:
    """The rows of one update, as a line of `used.jsonl`."""

    candidate: str
    """The hash of what was trained on them."""
    keys: list[str]


class Ledger:
    """`journal.jsonl`, for people, and `used.jsonl`, the keys of rows, of a slot."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self._journal, self._used = slot.root / "journal.jsonl", slot.root / "used.jsonl"

    def record(self, decision: Decision, keys: Sequence[str]) -> None:
        """A decision, and the rows that are not new any more, whatever it was."""
        append_line(self._used, Update(decision.candidate, list(keys)))
        append_line(self._journal, decision)

    def decisions(self) -> list[Decision]:
        """In order."""
        return list(read_lines(self._journal, Decision))

    def used(self) -> set[str]:
        """Keys of all rows that an update used."""
        return {key for update in self._updates() for key in update.keys}

    def learnt(self, version: str) -> set[str]:
        """Keys of the rows that `version` has learnt from: those of the updates that led to it, of no other."""
        ancestors = set(origin(self.slot, version))
        return {key for update in self._updates() if update.candidate in ancestors for key in update.keys}

    def _updates(self) -> Iterator[Update]:
        return read_lines(self._used, Update)
