"""Whose compiled code may be loaded: it can do whatever the user can."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.api import BenchError
from bench.store import Store


@dataclass(frozen=True)
class Trust:
    """In the artifacts that were made in `store`; in others where the user allows it."""

    store: Store
    allow_code: bool = False

    def check(self, folder: Path, content: str, code: list[str]) -> None:
        """A `BenchError` where the files `code` of the artifact in `folder`, of that content hash, stay shut."""
        if self.allow_code or self._made_here(content):
            return
        raise BenchError(
            f"artifact {folder} holds compiled code ({code[0]}), which can do whatever you can, and was not made in "
            f"the store {self.store.place}: if you trust its maker, give --allow-code"
        )

    def _made_here(self, content: str) -> bool:
        """Whether the store knows that it trained this very content, or has a result of it."""
        if any(_read(path).get("artifact") == content for path in self.store.keys.glob("*.json")):
            return True
        identities = (_read(path).get("identity") for path in self.store.results.glob("*/result.json"))
        return any(isinstance(identity, dict) and identity.get("artifact") == content for identity in identities)


def _read(path: Path) -> dict[str, Any]:
    """The object in a file, an empty one where it cannot be read: it vouches for nothing."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
