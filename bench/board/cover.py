"""What tells a thing from others of its kind, in as few words as possible."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def distinguishing(own: Sequence[T], rivals: Iterable[Collection[T]], chosen: Collection[T] = ()) -> set[T]:
    """`chosen` and as few more of `own` as distinguish it from all rivals: a greedy set cover.

    A rival that has all of `own` and others is distinguished by its own.
    """
    found = set(chosen)
    same = [rival for rival in rivals if not set(own).issubset(rival)]
    while same := [rival for rival in same if found.issubset(rival)]:
        found.add(max(own, key=lambda part: sum(part not in rival for rival in same)))
    return found
