"""Where the numbers come from: machines, packages, commits, protocols."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.board.read import Document


@dataclass
class Provenance:
    """Gathered while the results stream by: few kinds, many runs."""

    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each different environment once, by its JSON."""
    runs: Counter[str] = field(default_factory=Counter)
    """Runs of each environment."""
    protocols: Counter[str] = field(default_factory=Counter)
    """Runs timed by each protocol, with its rounds."""
    commits: Counter[str] = field(default_factory=Counter)
    logs: dict[str, str] = field(default_factory=dict)
    """The end of the log of each failed run."""

    def watch(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Pass the documents on, remembering where each comes from."""
        for document in documents:
            self._note(document)
            yield document

    def _note(self, document: Document) -> None:
        key = json.dumps(document["environment"], sort_keys=True)
        self.environments.setdefault(key, document["environment"])
        self.runs[key] += 1
        measurement, identity = document.get("measurement"), document["identity"]
        if measurement:
            self.protocols[f"{measurement['protocol']}, {measurement['rounds']} rounds"] += 1
        dirty = " with uncommitted changes" if identity.get("dirty") else ""
        self.commits[(identity.get("git_commit") or "unknown") + dirty] += 1
        if document["outcome"].get("log_tail"):
            self.logs[document["run_id"]] = document["outcome"]["log_tail"]

    @property
    def machines(self) -> list[tuple[dict[str, Any], int]]:
        """Every environment with its number of runs, the most used first."""
        return [(self.environments[key], count) for key, count in self.runs.most_common()]
