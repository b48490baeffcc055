"""A bar for what takes long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import track


def watch(items: Sequence[Any], what: str) -> Iterable[Any]:
    """The items, with a bar of how many are done and about how long the rest takes; it goes when all are."""
    return track(items, f"{len(items)} {what}", console=Console(stderr=True), transient=True)
