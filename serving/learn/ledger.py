"""What a slot has learnt: the rows that each update used, and a journal of its decisions. No texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serving.lines import append_line, read_lines
from serving.slot import Slot, origin


class Ledger:
    """`journal.jsonl`, for people, and `used.jsonl`, the keys of rows, of a slot."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.journal, self._used = slot.root / "journal.jsonl", slot.root / "used.jsonl"

    def record(self, decision: Mapping[str, Any], keys: Sequence[str]) -> None:
        """A decision, and the rows that are not new any more, whatever it was."""
        append_line(self._used, {"candidate": decision["candidate"], "keys": list(keys)})
        append_line(self.journal, decision)

    def decisions(self) -> list[dict[str, Any]]:
        """In order."""
        return list(read_lines(self.journal))

    def used(self) -> set[str]:
        """Keys of all rows that an update used."""
        return {key for line in self._updates() for key in line["keys"]}

    def learnt(self, version: str) -> set[str]:
        """Keys of the rows that `version` has learnt from: those of the updates that led to it, of no other."""
        line_of = set(origin(self.slot, version))
        return {key for line in self._updates() if line["candidate"] in line_of for key in line["keys"]}

    def _updates(self) -> Iterator[dict[str, Any]]:
        return read_lines(self._used, "candidate", "keys")
