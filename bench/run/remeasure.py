"""Stored runs timed again, all in one session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.data import Prepared
from bench.data.prepared import find_content
from bench.errors import BenchError
from bench.registry import is_timed
from bench.schema import Result
from bench.store import Store


@dataclass(frozen=True)
class StoredRun:
    """A stored run whose artifact is to be timed; its row shows no path any more."""

    prepared: Prepared
    stored: Result
    private: Sequence[Path] = ()

    @property
    def run_id(self) -> str:
        """Its run id."""
        return self.stored.run_id


def stored_run(store: Store, run_id: str) -> StoredRun:
    """A run that can be timed now; a `BenchError` where its artifact or its test texts are not here."""
    result = store.result(run_id)
    if not is_timed(result.identity.recipe):
        raise BenchError(f"{run_id}: '{result.identity.recipe}' is not timed: others answer, paid for each call")
    artifact = result.identity.artifact
    if artifact is None or result.quality is None:
        raise BenchError(f"{run_id}: {result.outcome.status}: it has no artifact to time")
    if not store.is_intact(artifact):
        raise BenchError(f"{run_id}: its artifact is not in the store, or was altered; `bench run` trains it again")
    prepared = find_content(store.prepared, result.data.content)
    if prepared is None:
        raise BenchError(
            f"{run_id}: the test texts of {result.data.dataset} are not prepared in the store; "
            f"python -m bench run -r constant -d {result.data.dataset} prepares them"
        )
    return StoredRun(prepared, result)
